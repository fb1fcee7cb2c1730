export { type ActivationOptions, activation } from "./activation.js";
export type { Activation, ActivationName, ParametricActivation } from "./activationFunction.js";
export { type Conv2dOptions, conv2d } from "./conv2d.js";
export { type DenseOptions, dense } from "./dense.js";
export type { Layer, LayerContext, LayerOptions, ParameterSpec } from "./layer.js";
export type { Pair } from "./options.js";
export {
  averagePooling2d,
  type GlobalAveragePooling2dOptions,
  globalAveragePooling2d,
  maxPooling2d,
  type Pooling2dOptions,
} from "./pooling2d.js";
export { type DropoutOptions, dropout } from "./regularizing.js";
export { flatten, type InputOptions, input, type ReshapeOptions, reshape } from "./shaping.js";
