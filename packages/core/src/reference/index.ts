export { kernels as referenceKernels } from "./kernels/index.js";
export type { Kernel, KernelCall, KernelOf, KernelTensor } from "./kernels/kernel.js";
export type { FloatStorage } from "./memory/hostMemory.js";
export { type ReferenceOptions, reference } from "./reference.js";
export { callReferenceOp } from "./run/callOp.js";
export { runReferenceOp } from "./run/runOp.js";
