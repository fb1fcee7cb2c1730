/** Convolutional networks in TypeScript: one model API, pluggable backends. */

export * as applications from "./applications/index.js";
export type { Backend, DeviceInfo, MemoryInfo } from "./backend/index.js";
export type { Callback, Logs, Progress, Training, TrainingState } from "./callbacks/index.js";
export * as callbacks from "./callbacks/index.js";
export type { Config, Configured, CustomObjects, JsonValue, ObjectConfig } from "./config.js";
export type { Constraint, ConstraintName } from "./constraints/index.js";
export * as constraints from "./constraints/index.js";
export * from "./errors.js";
export * as initializers from "./initializers/index.js";
export { type AugmentOptions, augment } from "./layers/augmentation/augment.js";
export type { Activation, ActivationName, LayerDefinition, SymbolicTensors } from "./layers/index.js";
export * as layers from "./layers/index.js";
export { defineLayer, Layer, SymbolicTensor } from "./layers/index.js";
export { inputTensor as input } from "./layers/inputLayer.js";
export * as losses from "./losses/index.js";
export * as metrics from "./metrics/index.js";
export * from "./model/index.js";
export * as optimizers from "./optimizers/index.js";
export * as schedules from "./optimizers/schedules.js";
export { formatPlan, type Plan } from "./plan/index.js";
export type { Regularizer, RegularizerName } from "./regularizers/index.js";
export * as regularizers from "./regularizers/index.js";
export * as stores from "./saving/namedStores.js";
export type { PlainData } from "./saving/plainData.js";
export * as safetensors from "./saving/safetensors.js";
export type { ModelSource, ModelStore, ModelTarget } from "./saving/stores.js";
export type { Tensor, TensorData } from "./tensor.js";
