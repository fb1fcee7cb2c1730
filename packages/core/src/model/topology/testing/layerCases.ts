import * as constraints from "../../../constraints/index.js";
import * as initializers from "../../../initializers/index.js";
import type { Layer, NormalizationOptions } from "../../../layers/index.js";
import * as layers from "../../../layers/index.js";
import * as regularizers from "../../../regularizers/index.js";
import { sample } from "./reloading.js";

/** Shapes of inputs, and layers that take them. */
export type Case = readonly [shapes: readonly (readonly number[])[], ...made: readonly (() => Layer)[]];

const image = [[6, 5, 4]];
const sequence = [[7, 4]];
const two = [
  [3, 2],
  [3, 2],
];

const kernel = {
  kernelInitializer: initializers.varianceScaling({ scale: 0.7, mode: "fanOut", distribution: "untruncatedNormal" }),
  kernelRegularizer: regularizers.l1l2({ l1: 0.125, l2: 0.3 }),
  kernelConstraint: constraints.maxNorm({ maxValue: 0.7, axis: [0, 1] }),
};
const bias = {
  biasInitializer: initializers.truncatedNormal({ mean: 0.25, standardDeviation: 0.1 }),
  biasRegularizer: "l2",
  biasConstraint: constraints.unitNorm({ axis: -1 }),
} as const;
const linear = { ...kernel, ...bias, trainable: false, name: "given" };
const affine: NormalizationOptions = {
  ...{ epsilon: 0.02, betaInitializer: initializers.constant(0.5), gammaInitializer: "randomUniform" },
  ...{ betaRegularizer: "l1", gammaRegularizer: regularizers.l2({ l2: 0.5 }), betaConstraint: "nonNeg" },
};

/** Every layer with unusual options, on samples that it takes. */
/** Every layer that computes, with options unlike the defaults. */
export const cases: Readonly<Record<string, Case>> = {
  activation: [
    image,
    () => layers.activation({ activation: "geluTanh" }),
    () => layers.activation({ activation: { function: "elu", alpha: 0.3 }, name: "bent" }),
  ],
  elu: [image, () => layers.elu({ alpha: 0.4 })],
  gelu: [image, () => layers.gelu(), () => layers.gelu({ approximate: true })],
  hardSigmoid: [image, () => layers.hardSigmoid()],
  hardSilu: [image, () => layers.hardSilu({ name: "swish" })],
  leakyRelu: [image, () => layers.leakyRelu({ negativeSlope: 0.05 })],
  prelu: [
    image,
    () => layers.prelu({ sharedAxes: [1, 2], alphaInitializer: initializers.randomNormal({ mean: 0.25 }) }),
    () => layers.prelu({ alphaRegularizer: "l1l2", alphaConstraint: "nonNeg", alphaInitializer: "ones" }),
  ],
  relu: [image, () => layers.relu({ trainable: false })],
  relu6: [image, () => layers.relu6({ name: "capped" })],
  silu: [image, () => layers.silu()],
  softmax: [image, () => layers.softmax()],
  softplus: [image, () => layers.softplus()],
  softsign: [image, () => layers.softsign()],
  conv1d: [
    sequence,
    () =>
      layers.conv1d({ filters: 3, kernelSize: 2, padding: "causal", dilationRate: 2, activation: "tanh", ...linear }),
    () => layers.conv1d({ filters: 2, kernelSize: 3, strides: 2, padding: "same", useBias: false }),
  ],
  conv2d: [
    image,
    () => layers.conv2d({ filters: 6, kernelSize: [2, 3], strides: [1, 2], padding: "same", groups: 2, ...linear }),
    () =>
      layers.conv2d({
        ...{ filters: 2, kernelSize: 2, dilationRate: [2, 1], activation: { function: "leakyRelu", alpha: 0.01 } },
        ...{ kernelInitializer: "orthogonal", useBias: false, inputShape: [6, 5, 4] },
      }),
  ],
  conv2dTranspose: [
    image,
    () => layers.conv2dTranspose({ filters: 2, kernelSize: [3, 2], strides: 2, padding: "same", outputPadding: 1 }),
    () => layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: [1, 2], activation: "elu", ...linear }),
  ],
  dense: [
    image,
    () =>
      layers.dense({ units: 5, activation: "selu", ...bias, kernelInitializer: initializers.orthogonal({ gain: 2 }) }),
    () => layers.dense({ units: 4, kernelInitializer: initializers.identity({ gain: 0.5 }), useBias: false }),
  ],
  depthwiseConv2d: [
    image,
    () =>
      layers.depthwiseConv2d({
        ...{ kernelSize: [2, 1], strides: 2, padding: "same", depthMultiplier: 3, activation: "relu6" },
        ...{ depthwiseInitializer: "heNormal", depthwiseRegularizer: "l1", depthwiseConstraint: "maxNorm" },
      }),
    () => layers.depthwiseConv2d({ kernelSize: 2, dilationRate: 2, useBias: false }),
  ],
  separableConv2d: [
    image,
    () =>
      layers.separableConv2d({
        ...{ filters: 5, kernelSize: 3, padding: "same", depthMultiplier: 2, activation: "softsign", ...bias },
        ...{ depthwiseInitializer: "lecunNormal", pointwiseInitializer: "heUniform", pointwiseRegularizer: "l2" },
        ...{ pointwiseConstraint: "unitNorm", depthwiseConstraint: "nonNeg", depthwiseRegularizer: "l1" },
      }),
  ],
  cropping2d: [
    image,
    () =>
      layers.cropping2d({
        cropping: [
          [1, 2],
          [0, 3],
        ],
      }),
  ],
  zeroPadding2d: [
    image,
    () =>
      layers.zeroPadding2d({
        padding: [
          [1, 0],
          [2, 3],
        ],
      }),
    () => layers.zeroPadding2d(),
  ],
  permute: [image, () => layers.permute({ dims: [3, 1, 2] })],
  resizing: [image, () => layers.resizing({ height: 3, width: 9, interpolation: "nearest" })],
  upSampling2d: [image, () => layers.upSampling2d({ size: [1, 3], interpolation: "bilinear" })],
  add: [[...two, [3, 2]], () => layers.add({ name: "sum" })],
  average: [two, () => layers.average()],
  concatenate: [two, () => layers.concatenate({ axis: 1 }), () => layers.concatenate()],
  maximum: [two, () => layers.maximum()],
  minimum: [two, () => layers.minimum()],
  multiply: [two, () => layers.multiply()],
  subtract: [two, () => layers.subtract()],
  batchNormalization: [
    image,
    () =>
      layers.batchNormalization({
        ...{ ...affine, axis: 3, momentum: 0.5, gammaConstraint: constraints.maxNorm({ axis: 0 }) },
        ...{
          movingMeanInitializer: "ones",
          movingVarianceInitializer: initializers.randomUniform({ low: 1, high: 2 }),
        },
      }),
    () => layers.batchNormalization({ axis: 1, scale: false, trainable: false }),
  ],
  layerNormalization: [
    image,
    () => layers.layerNormalization({ ...affine, axis: [-2, -1] }),
    () => layers.layerNormalization({ center: false }),
  ],
  groupNormalization: [
    image,
    () => layers.groupNormalization({ ...affine, groups: 2 }),
    () => layers.groupNormalization({ groups: -1, scale: false, center: false }),
  ],
  averagePooling1d: [sequence, () => layers.averagePooling1d({ poolSize: 3, strides: 2, padding: "same" })],
  averagePooling2d: [image, () => layers.averagePooling2d({ poolSize: [2, 3], strides: 1, padding: "same" })],
  maxPooling1d: [sequence, () => layers.maxPooling1d({ poolSize: 3 })],
  maxPooling2d: [image, () => layers.maxPooling2d({ strides: [1, 2] })],
  globalAveragePooling1d: [sequence, () => layers.globalAveragePooling1d({ keepDims: true })],
  globalAveragePooling2d: [image, () => layers.globalAveragePooling2d()],
  globalMaxPooling1d: [sequence, () => layers.globalMaxPooling1d()],
  globalMaxPooling2d: [image, () => layers.globalMaxPooling2d({ keepDims: true })],
  normalization: [
    image,
    () => layers.normalization({ mean: [1, 2, 3, 4], variance: [0.1, 0.2, 0.3, 0.4] }),
    () => layers.normalization({ mean: 0.5, variance: 3 }),
    () => {
      const adapted = layers.normalization();
      adapted.adapt(sample(image)[0]!);
      return adapted;
    },
    () => layers.normalization(),
  ],
  rescaling: [image, () => layers.rescaling({ scale: 1 / 255, offset: -0.3 })],
  activityRegularization: [image, () => layers.activityRegularization({ l1: 0.1, l2: 0.025 })],
  dropout: [image, () => layers.dropout({ rate: 0.4 })],
  gaussianDropout: [image, () => layers.gaussianDropout({ rate: 0.2 })],
  gaussianNoise: [image, () => layers.gaussianNoise({ stddev: 0.7 })],
  spatialDropout2d: [image, () => layers.spatialDropout2d({ rate: 0.5 })],
  flatten: [image, () => layers.flatten()],
  reshape: [image, () => layers.reshape({ targetShape: [3, -1, 2] })],
};

/** What stands before all layers that are trained, on images [6,5,3] of values from -1 to 1. */
/** Every layer that augments images. */
export const augmentation: Readonly<Record<string, () => Layer>> = {
  randomFlip: () => layers.randomFlip({ mode: "vertical" }),
  randomRotation: () => layers.randomRotation({ factor: [-0.1, 0.4], fillMode: "wrap", interpolation: "nearest" }),
  randomZoom: () =>
    layers.randomZoom({ heightFactor: [-0.5, 0.1], widthFactor: 0.3, fillMode: "constant", fillValue: 2 }),
  randomTranslation: () =>
    layers.randomTranslation({ heightFactor: [0.1, 0.4], widthFactor: 0.2, fillMode: "nearest" }),
  randomShear: () => layers.randomShear({ xFactor: [0.1, 0.4], yFactor: 0.3 }),
  randomCrop: () => layers.randomCrop({ height: 4, width: 3 }),
  randomBrightness: () => layers.randomBrightness({ factor: [0.1, 0.4], valueRange: [-1, 1] }),
  randomContrast: () => layers.randomContrast({ factor: [0.3, 0.8], valueRange: [-1, 1] }),
  randomHue: () => layers.randomHue({ factor: [0.1, 0.7], valueRange: [-1, 1] }),
  randomSaturation: () => layers.randomSaturation({ factor: [0.1, 0.4], valueRange: [-1, 1] }),
  randomInvert: () => layers.randomInvert({ factor: [0.4, 0.6], valueRange: [-1, 1] }),
  randomErasing: () => layers.randomErasing({ factor: 0.9, scale: [0.1, 0.5], fillValue: [0.1, 0.2, 0.3] }),
  randomGaussianBlur: () => layers.randomGaussianBlur({ factor: 0.9, kernelSize: [3, 5], sigma: [0.5, 2] }),
  gaussianBlur: () => layers.gaussianBlur({ sigma: 0.5 }),
  mixUp: () => layers.mixUp({ alpha: 0.7 }),
  cutMix: () => layers.cutMix({ factor: [0.4, 0.9] }),
};
