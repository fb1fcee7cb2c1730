export {
  type ActivationOptions,
  activation,
  type EluOptions,
  elu,
  type GeluOptions,
  gelu,
  hardSigmoid,
  hardSilu,
  type LeakyReluOptions,
  leakyRelu,
  type PreluOptions,
  prelu,
  relu,
  relu6,
  silu,
  softmax,
  softplus,
  softsign,
} from "./activation.js";
export type { Activation, ActivationName, ParametricActivation } from "./activationFunction.js";
export * from "./augmentation/index.js";
export { type Conv1dOptions, conv1d } from "./conv1d.js";
export { type Conv2dOptions, conv2d } from "./conv2d.js";
export { type Conv2dTransposeOptions, conv2dTranspose } from "./conv2dTranspose.js";
export type {
  DrawnTensor,
  LayerContext,
  LayerDefinition,
  LayerDraws,
  LayerOptions,
  LayerTransform,
  ParameterSpec,
  Sampling,
} from "./definition.js";
export { type DenseOptions, dense } from "./dense.js";
export {
  type DepthwiseConv2dOptions,
  depthwiseConv2d,
  type SeparableConv2dOptions,
  separableConv2d,
} from "./depthwiseConv2d.js";
export {
  type Borders,
  type Cropping2dOptions,
  cropping2d,
  type PermuteOptions,
  permute,
  type ResizingOptions,
  resizing,
  type UpSampling2dOptions,
  upSampling2d,
  type ZeroPadding2dOptions,
  zeroPadding2d,
} from "./imageSize.js";
export { type InputOptions, input } from "./inputLayer.js";
export { type CallLayer, defineLayer, Layer, type LayerCall, SymbolicTensor, type SymbolicTensors } from "./layer.js";
export type { ConstraintOption, RegularizerOption } from "./linear.js";
export {
  add,
  average,
  type ConcatenateOptions,
  concatenate,
  maximum,
  minimum,
  multiply,
  subtract,
} from "./merging.js";
export {
  type BatchNormalizationOptions,
  batchNormalization,
  type GroupNormalizationOptions,
  groupNormalization,
  type LayerNormalizationOptions,
  layerNormalization,
  type NormalizationOptions,
} from "./normalization.js";
export type { Pair } from "./options.js";
export {
  averagePooling1d,
  averagePooling2d,
  type GlobalPoolingOptions,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  maxPooling1d,
  maxPooling2d,
  type Pooling1dOptions,
  type Pooling2dOptions,
} from "./pooling.js";
export {
  type Normalization,
  type NormalizationLayerOptions,
  normalization,
  type RescalingOptions,
  rescaling,
} from "./preprocessing.js";
export {
  type ActivityRegularizationOptions,
  activityRegularization,
  type DropoutOptions,
  dropout,
  type GaussianNoiseOptions,
  gaussianDropout,
  gaussianNoise,
  spatialDropout2d,
} from "./regularizing.js";
export { flatten, type ReshapeOptions, reshape } from "./shaping.js";
