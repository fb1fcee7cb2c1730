export type { Callback, EvaluationProgress, Logs, Progress, Training } from "./callback.js";
export { type EarlyStoppingOptions, earlyStopping } from "./earlyStopping.js";
export { type LambdaCallbackOptions, lambdaCallback } from "./lambdaCallback.js";
export { type LearningRateSchedulerOptions, learningRateScheduler } from "./learningRateScheduler.js";
export type { MonitorMode } from "./monitor.js";
export type { Verbosity } from "./progressBar.js";
export { type ReduceLROnPlateauOptions, reduceLROnPlateau } from "./reduceLROnPlateau.js";
export { terminateOnNaN } from "./terminateOnNaN.js";
export type { EpochSums, FitState, OptimizerState, PlainData, TrainingState } from "./trainingState.js";
