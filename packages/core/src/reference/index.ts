export { callReferenceOp } from "./callOp.js";
export type { Kernel, KernelCall, KernelOf, KernelTensor } from "./kernel.js";
export { referenceKernels } from "./kernels/index.js";
export type { FloatStorage } from "./memory.js";
export { type ReferenceOptions, reference } from "./reference.js";
export { runReferenceOp } from "./runOp.js";
