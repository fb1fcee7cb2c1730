/** Small networks that together use every layer, loss and optimizer, as data for the step level. */

import * as layers from "../layers/index.js";
import type { LossName } from "../losses/index.js";
import type { MetricName } from "../metrics/index.js";
import { bytes, choice, distribution, labels, normal, oneHot, uniform } from "../ops/caseInputs.js";
import type { CaseInput } from "../ops/opCase.js";
import { adagrad, adam, adamW, lion, nadam, type Optimizer, rmsprop, sgd } from "../optimizers/index.js";
import { runningCentre } from "./runningCentre.js";

/** A network with its samples. */
export interface TrainedNetwork {
  readonly name: string;
  layers(): readonly layers.Layer[];
  readonly loss: LossName;
  readonly metrics: readonly MetricName[];
  optimizer(): Optimizer;
  /** [N,...]; bytes are scaled to [0, 1]. */
  readonly samples: CaseInput;
  readonly labels: CaseInput;
  /** [N] */
  readonly weights?: CaseInput;
  /** Leaves a smaller batch at the end of the epoch. */
  readonly batchSize: number;
}

// The division by sqrt(v) + epsilon makes a step of full size out of a gradient that is all rounding: a larger epsilon
// keeps two correct backends together.
const epsilon = 1e-3;

export const networks: readonly TrainedNetwork[] = [
  {
    name: "two convolutions with max-pooling, Adam",
    layers: () => [
      layers.conv2d({ filters: 6, kernelSize: 5, padding: "same", activation: "relu", inputShape: [12, 12, 1] }),
      layers.maxPooling2d(),
      layers.conv2d({ filters: 9, kernelSize: 3, activation: "relu" }),
      layers.maxPooling2d(),
      layers.flatten(),
      layers.dense({ units: 11, activation: "relu" }),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    optimizer: () => adam({ learningRate: 0.01, epsilon }),
    samples: bytes([69, 12, 12, 1]),
    labels: labels([69], 10),
    batchSize: 16,
  },
  {
    name: "images that are flipped, turned, zoomed, shifted, mixed",
    layers: () => [
      layers.randomFlip({ mode: "horizontal", inputShape: [12, 12, 3] }),
      layers.randomRotation({ factor: 0.05 }),
      layers.randomZoom({ heightFactor: 0.1 }),
      layers.randomTranslation({ heightFactor: 0.1, widthFactor: 0.1 }),
      layers.randomContrast({ factor: 0.2, valueRange: [0, 1] }),
      layers.mixUp(),
      layers.conv2d({ filters: 5, kernelSize: 3, activation: "relu" }),
      layers.maxPooling2d(),
      layers.flatten(),
      layers.dense({ units: 4, activation: "softmax" }),
    ],
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
    optimizer: () => sgd({ learningRate: 0.05, momentum: 0.9 }),
    samples: bytes([45, 12, 12, 3]),
    labels: oneHot([45, 4]),
    batchSize: 16,
  },
  {
    name: "dropout, Nesterov momentum",
    layers: () => [
      layers.conv2d({ filters: 5, kernelSize: 3, activation: "relu", inputShape: [9, 8, 3] }),
      layers.dropout({ rate: 0.25 }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 13, activation: "tanh" }),
      layers.dropout({ rate: 0.5 }),
      layers.dense({ units: 3, activation: "softmax" }),
    ],
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
    optimizer: () => sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
    samples: normal([66, 9, 8, 3]),
    labels: oneHot([66, 3]),
    batchSize: 16,
  },
  {
    name: "strides, average pooling, elu and tanh, centered RMSprop",
    layers: () => [
      layers.conv2d({
        filters: 6,
        kernelSize: 3,
        strides: 2,
        padding: "same",
        activation: "elu",
        inputShape: [11, 11, 2],
      }),
      layers.averagePooling2d({ poolSize: 2, padding: "same" }),
      layers.conv2d({ filters: 4, kernelSize: 2, activation: "tanh" }),
      layers.globalAveragePooling2d(),
      layers.dense({ units: 1, activation: "sigmoid" }),
    ],
    loss: "binaryCrossentropy",
    metrics: ["accuracy"],
    optimizer: () => rmsprop({ learningRate: 0.005, momentum: 0.5, centered: true, epsilon }),
    samples: normal([67, 11, 11, 2]),
    labels: choice([67, 1], [0, 1]),
    batchSize: 16,
  },
  {
    name: "leaky relu, padded pooling, clipping by norm, sample weights, AdamW",
    layers: () => [
      layers.conv2d({
        filters: 7,
        kernelSize: 3,
        padding: "same",
        activation: "leakyRelu",
        useBias: false,
        inputShape: [7, 9, 3],
      }),
      layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }),
      layers.conv2d({ filters: 4, kernelSize: 1, activation: "sigmoid" }),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ],
    loss: "meanSquaredError",
    metrics: [],
    optimizer: () => adamW({ learningRate: 0.01, weightDecay: 0.1, amsgrad: true, epsilon, globalClipNorm: 0.5 }),
    samples: normal([65, 7, 9, 3]),
    labels: normal([65, 3]),
    weights: uniform([65], 0, 2),
    batchSize: 16,
  },
  {
    name: "dense layers, one frozen, tail batch of one, clipping by value",
    layers: () => [
      layers.dense({ units: 17, activation: "relu", inputShape: [23] }),
      layers.dense({ units: 9, activation: "relu6", trainable: false }),
      layers.dense({ units: 5, activation: "softmax" }),
    ],
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    optimizer: () => sgd({ learningRate: 0.1, clipValue: 0.02 }),
    samples: normal([33, 23]),
    labels: labels([33], 5),
    weights: choice([33], [0, 1, 3]),
    batchSize: 8,
  },
  {
    name: "weights that layers update themselves, one layer of them frozen",
    layers: () => [
      layers.conv2d({ filters: 5, kernelSize: 3, activation: "relu", inputShape: [8, 8, 2] }),
      layers.maxPooling2d({ poolSize: 3 }),
      runningCentre(),
      layers.activation({ activation: "tanh" }),
      layers.flatten(),
      layers.dense({ units: 7 }),
      runningCentre(),
      layers.dense({ units: 66, activation: "relu" }),
      runningCentre({ trainable: false }),
      layers.dense({ units: 3, activation: "softmax" }),
    ],
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    optimizer: () => sgd({ learningRate: 0.02, momentum: 0.5 }),
    samples: normal([69, 8, 8, 2]),
    labels: labels([69], 3),
    batchSize: 16,
  },
  {
    name: "Huber loss, Adagrad with weight decay",
    layers: () => [
      layers.conv2d({ filters: 5, kernelSize: 3, activation: "elu", inputShape: [7, 6, 2] }),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ],
    loss: "huber",
    metrics: ["meanSquaredError", "meanAbsoluteError"],
    optimizer: () => adagrad({ learningRate: 0.05, weightDecay: 0.1 }),
    samples: normal([67, 7, 6, 2]),
    labels: normal([67, 3], 2),
    weights: uniform([67], 0, 2),
    batchSize: 16,
  },
  {
    name: "divergence of class probabilities, Nadam with a moving average of the weights",
    layers: () => [
      layers.dense({ units: 13, activation: "tanh", inputShape: [11] }),
      layers.dense({ units: 5, activation: "softmax" }),
    ],
    loss: "klDivergence",
    metrics: ["categoricalAccuracy"],
    optimizer: () =>
      nadam({ learningRate: 0.01, epsilon, useEma: true, emaMomentum: 0.75, emaOverwriteFrequency: 3, clipNorm: 0.1 }),
    samples: normal([65, 11]),
    labels: distribution([65, 5]),
    batchSize: 16,
  },
  {
    name: "focal loss of yes-or-no outputs, Lion, area under the curve",
    layers: () => [
      layers.conv2d({ filters: 4, kernelSize: 3, activation: "tanh", inputShape: [6, 6, 1] }),
      layers.globalAveragePooling2d(),
      layers.dense({ units: 2, activation: "sigmoid" }),
    ],
    loss: "binaryFocalCrossentropy",
    metrics: ["auc", "precision", "recall", "binaryAccuracy"],
    optimizer: () => lion({ learningRate: 1e-3, weightDecay: 0.1 }),
    samples: normal([66, 6, 6, 1]),
    labels: choice([66, 2], [0, 1]),
    batchSize: 16,
  },
  {
    name: "focal loss of classes, gradients added up over three steps",
    layers: () => [
      layers.dense({ units: 9, activation: "elu", inputShape: [8] }),
      layers.dense({ units: 4, activation: "softmax" }),
    ],
    loss: "categoricalFocalCrossentropy",
    metrics: ["accuracy"],
    optimizer: () => adam({ learningRate: 0.01, epsilon, gradientAccumulationSteps: 3, globalClipNorm: 0.5 }),
    samples: normal([69, 8]),
    labels: oneHot([69, 4]),
    batchSize: 12,
  },
  {
    name: "absolute error, momentum with weight decay",
    layers: () => [layers.dense({ units: 9, activation: "sigmoid", inputShape: [8] }), layers.dense({ units: 3 })],
    loss: "meanAbsoluteError",
    metrics: [],
    optimizer: () => sgd({ learningRate: 0.02, momentum: 0.5, weightDecay: 0.1 }),
    samples: normal([65, 8]),
    labels: normal([65, 3], 2),
    batchSize: 16,
  },
];
