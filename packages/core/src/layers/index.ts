export { type ActivationOptions, activation } from "./activation.js";
export type { Activation, ActivationName, ParametricActivation } from "./activationFunction.js";
export { type Conv2dOptions, conv2d } from "./conv2d.js";
export type {
  LayerContext,
  LayerDefinition,
  LayerOptions,
  ParameterSpec,
  WeightConstraint,
  WeightPenalty,
} from "./definition.js";
export { type DenseOptions, dense } from "./dense.js";
export { type InputOptions, input } from "./inputLayer.js";
export { type CallLayer, defineLayer, Layer, type LayerCall, SymbolicTensor, type SymbolicTensors } from "./layer.js";
export type { Pair } from "./options.js";
export {
  averagePooling2d,
  type GlobalAveragePooling2dOptions,
  globalAveragePooling2d,
  maxPooling2d,
  type Pooling2dOptions,
} from "./pooling2d.js";
export { type DropoutOptions, dropout } from "./regularizing.js";
export { flatten, type ReshapeOptions, reshape } from "./shaping.js";
