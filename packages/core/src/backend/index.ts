/**
 * All that a backend imports from core: the contract, what a plan consists of, and the parts that every backend would
 * otherwise write again.
 */

export * from "../errors.js";
export { type DrawnForRows, firstElement } from "../ops/batchRows.js";
export type { Attributes, DType, Shape, TensorSpec } from "../ops/definition.js";
export { bytesOf, dtypeBytes, sizeOf } from "../ops/definition.js";
export { dropoutThreshold } from "../ops/dropout.js";
export { type KernelName, kernelNames, type OpAttributes, type OpName, ops } from "../ops/index.js";
export { matMulSizes } from "../ops/matMul.js";
export type { UnaryFunction } from "../ops/unary.js";
export { type FusedName, fusedNames } from "../plan/fusedOps.js";
export type { BufferSpec } from "../plan/graph.js";
export { aligned, alignmentBytes } from "../plan/memory.js";
export {
  type InPlacePair,
  type OpInstance,
  type Plan,
  type PlanMode,
  type PlanOp,
  type PlanValue,
  typedArrays,
} from "../plan/plan.js";
export { formatPlan } from "../plan/print.js";
export { type StepTable, type StepValues, stepBytes, stepLayout, stepWords, unpackStep } from "../plan/stepTable.js";
export { placeOfWord, streamKey, streamPurposes, streamWord, threefry2x32 } from "../random/index.js";
export type { Tensor, TensorData } from "../tensor.js";
export { bindBuffers } from "./bindBuffers.js";
export { type BoundOp, type BoundPlan, bindPlan, expectSupported, opInstance } from "./bindPlan.js";
export { checkRead, checkWrite, disposedBuffer } from "./checkBuffer.js";
export * from "./contract.js";
export {
  addend,
  attributesOf,
  type ChainParts,
  chainParts,
  type GatherParts,
  type GradientParts,
  gatherParts,
  gradientParts,
  type NormGradientParts,
  normGradientParts,
  partOf,
  takesParts,
} from "./fusedParts.js";
export { fusedKernels, type KernelTable, kernelFor, missingKernels, noKernel, requireKernel } from "./kernelTable.js";
export { detectLauncher, type Launcher, type LauncherKind } from "./launcher.js";
export { MemoryCount } from "./memoryCount.js";
export { agreementOf, noteAgreement, type ProcessGroup, type RunAgreement } from "./processGroup.js";
export { validatePlan } from "./validatePlan.js";
export {
  convolutionGeometry,
  isPooling2x2,
  readsPadding,
  type WindowGeometry,
  windowGeometry,
} from "./windowGeometry.js";
export { WorkQueue } from "./workQueue.js";
