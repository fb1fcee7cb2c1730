export type { ClassWeight } from "./data/checkData.js";
export type { NestedNumbers, TensorInput } from "./data/tensorInput.js";
export type { FitOptions } from "./options.js";
export type { History } from "./run/fit.js";
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
