export type { ClassWeight } from "./checkData.js";
export type { History } from "./fit.js";
export type { FitOptions } from "./fitOptions.js";
export {
  type CompileOptions,
  type EvaluateOptions,
  type PlanOptions,
  type PredictOptions,
  Sequential,
  type SequentialOptions,
  sequential,
  type TrainOnBatchOptions,
} from "./sequential.js";
export type { NestedNumbers, TensorInput } from "./tensorInput.js";
