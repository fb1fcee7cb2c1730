export { type DifferentiateOptions, differentiate, type ScaledLoss } from "./autodiff.js";
export { drawByPlaceInBatch } from "./drawnRows.js";
export { foldPadding } from "./foldPadding.js";
export { type FusedName, fusedNames } from "./fusedOps.js";
export { type BufferSpec, Graph, type GraphOperation, type GraphValue, opDefinition, type Placement } from "./graph.js";
export { type LoweringTarget, type LowerOptions, lower } from "./lower.js";
export { aligned, alignmentBytes } from "./memory.js";
export { type OpInstance, type Plan, type PlanMode, type PlanOp, type PlanValue, typedArrays } from "./plan.js";
export { poolBeforeActivation } from "./poolBeforeActivation.js";
export { formatPlan } from "./print.js";
export { reduceAcrossRanks } from "./reduceAcrossRanks.js";
export {
  packSteps,
  type StepTable,
  type StepValues,
  stepBytes,
  stepLayout,
  stepWords,
  unpackStep,
} from "./stepTable.js";
export { syncBatchNorm } from "./syncBatchNorm.js";
