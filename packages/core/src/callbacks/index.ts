export type { Callback, EvaluationProgress, Logs, Progress, Training } from "./callback.js";
export { type EarlyStoppingOptions, earlyStopping } from "./earlyStopping.js";
export type { Verbosity } from "./progressBar.js";
export type { EpochSums, FitState, OptimizerState, PlainData, TrainingState } from "./trainingState.js";
