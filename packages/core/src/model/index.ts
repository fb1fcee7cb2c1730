export type { ClassWeight } from "./data/checkData.js";
export type { NestedNumbers, TensorInput } from "./data/tensorInput.js";
export type {
  CompileOptions,
  EvaluateOptions,
  FitOptions,
  PlanOptions,
  PredictOptions,
  SequentialOptions,
  TrainOnBatchOptions,
} from "./options.js";
export type { History } from "./run/fit.js";
export { Sequential, sequential } from "./sequential.js";
