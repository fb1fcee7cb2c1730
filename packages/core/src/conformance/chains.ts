/**
 * Runs of ops that backends may have in one kernel, as data: each is run with the backend's fused ops and compared with
 * the reference, op by op. What decides (which number of a window is largest, which is above 0) is exact in float32 here,
 * so that no two correct kernels decide differently.
 */

import type { AffineAttributes } from "../ops/affine.js";
import type { DType, Shape } from "../ops/definition.js";
import type { LabelKind } from "../ops/lossShapes.js";
import type { Interpolation } from "../ops/resize2d.js";
import type { UnaryFunction } from "../ops/unary.js";
import type { FillMode } from "../ops/warp2d.js";
import type { PaddingName } from "../ops/window.js";

export interface ConvolutionChain {
  readonly input: Shape;
  readonly kernel: Shape;
  /** Default 1. */
  readonly stride?: number;
  /** Default "valid". */
  readonly padding?: PaddingName;
  /** Default true. */
  readonly bias?: boolean;
  readonly pool?: { readonly size: number; readonly stride: number; readonly padding: PaddingName };
  readonly activation?: UnaryFunction;
  /** Which gradients are wanted; default: those of kernel and bias. */
  readonly gradients?: readonly ("input" | "kernel" | "bias")[];
}

export interface DenseChain {
  /** [N,K] */
  readonly input: Shape;
  readonly units: number;
  /** Default true. */
  readonly bias?: boolean;
  readonly activation?: UnaryFunction;
  /** Default: all that there are. */
  readonly gradients?: readonly ("input" | "kernel" | "bias")[];
}

export interface LossChain {
  readonly logits: Shape;
  readonly labels: LabelKind;
  readonly weights: boolean;
  readonly accuracy: boolean;
  readonly backward: boolean;
  /** Whether the probabilities are stored, as predictions are; default false. */
  readonly probabilities?: boolean;
  /** Default false. */
  readonly extreme?: boolean;
}

/** A normalization, a convolution or both, and what follows them in networks. */
export interface NormalizationChain {
  /** What it normalizes, or what the convolution before it reads. */
  readonly input: Shape;
  /** [KH,KW,C,F] of a convolution before it, of a depthwise one [KH,KW,C,M]; default none. */
  readonly kernel?: Shape;
  /** Default false. */
  readonly depthwise?: boolean;
  /** Default 1. */
  readonly stride?: number;
  /** Default "same". */
  readonly padding?: PaddingName;
  /** Of the convolution; default false. */
  readonly bias?: boolean;
  /** Over the batch's statistics, which go into moving ones, over given ones, or no normalization. */
  readonly statistics: "batch" | "given" | "none";
  /** Default true. */
  readonly scale?: boolean;
  /** Default true. */
  readonly center?: boolean;
  /** Whether a tensor is added, and on which side of the sum; default none. */
  readonly addend?: "left" | "right";
  readonly pool?: { readonly size: number; readonly stride: number; readonly padding: PaddingName };
  readonly activation?: UnaryFunction;
  /** Whether the gradients of everything are wanted; default false. */
  readonly backward?: boolean;
  /** Whether the gradient of the output is a sum of two; default false. */
  readonly gradientSum?: boolean;
}

/** Images on their way from the data set into a step. */
export interface GatherChain {
  /** [M,H,W,C] of the data set, of which the batch takes `batchSize` rows from `batchStart` on. */
  readonly images: Shape;
  readonly dtype: Exclude<DType, "int32">;
  readonly batchSize: number;
  /** Default 0. */
  readonly batchStart?: number;
  /** Of gatherRows; default 1. */
  readonly scale?: number;
  /** Default true. */
  readonly ordered?: boolean;
  readonly before?: AffineAttributes;
  readonly warp?: {
    /** Default: that of the images. */
    readonly size?: readonly [number, number];
    readonly interpolation: Interpolation;
    readonly fillMode: FillMode;
  };
  readonly after?: AffineAttributes;
}

const everything = ["input", "kernel", "bias"] as const;
const pool2 = { size: 2, stride: 2, padding: "valid" } as const;

export const convolutionChains: readonly ConvolutionChain[] = [
  // Every form of the chain: bias, pooling and activation, each there or not.
  { input: [2, 7, 8, 3], kernel: [3, 3, 3, 5] },
  { input: [2, 7, 8, 3], kernel: [3, 3, 3, 5], activation: "relu" },
  { input: [2, 7, 8, 3], kernel: [3, 3, 3, 5], pool: pool2 },
  { input: [2, 7, 8, 3], kernel: [3, 3, 3, 5], pool: pool2, activation: "relu" },
  { input: [2, 7, 8, 3], kernel: [3, 3, 3, 5], bias: false, activation: "relu", gradients: ["kernel"] },
  { input: [2, 7, 8, 3], kernel: [3, 3, 3, 5], bias: false, pool: pool2, gradients: ["kernel"] },
  { input: [2, 7, 8, 3], kernel: [3, 3, 3, 5], bias: false, pool: pool2, activation: "relu", gradients: ["kernel"] },
  // With the input's gradient as well, and with the kernel's or the bias' alone.
  { input: [2, 7, 8, 3], kernel: [3, 3, 3, 5], pool: pool2, activation: "relu", gradients: everything },
  { input: [2, 6, 5, 4], kernel: [3, 3, 4, 8], activation: "relu", gradients: everything },
  { input: [2, 6, 5, 4], kernel: [3, 3, 4, 8], gradients: everything },
  { input: [2, 6, 6, 4], kernel: [3, 3, 4, 8], bias: false, gradients: ["input", "kernel"] },
  { input: [2, 6, 6, 4], kernel: [3, 3, 4, 8], pool: pool2, activation: "relu", gradients: ["kernel"] },
  { input: [2, 6, 6, 4], kernel: [3, 3, 4, 8], pool: pool2, activation: "relu", gradients: ["bias"] },
  { input: [2, 6, 6, 4], kernel: [3, 3, 4, 8], activation: "relu", gradients: ["input"] },
  // Batch 1, one channel, one output.
  { input: [1, 5, 5, 1], kernel: [3, 3, 1, 1], activation: "relu", gradients: everything },
  { input: [1, 4, 4, 1], kernel: [3, 3, 1, 2], pool: pool2, activation: "relu", gradients: everything },
  // Other windows: 1x1, 5x5, strides, padding, pooling that overlaps, that pads, that leaves rows out.
  { input: [3, 6, 6, 17], kernel: [1, 1, 17, 5], activation: "relu", gradients: everything },
  { input: [2, 9, 9, 3], kernel: [5, 5, 3, 7], pool: pool2, activation: "relu", gradients: everything },
  {
    input: [2, 8, 8, 3],
    kernel: [3, 3, 3, 6],
    padding: "same",
    pool: pool2,
    activation: "relu",
    gradients: everything,
  },
  { input: [2, 9, 8, 5], kernel: [3, 3, 5, 6], stride: 2, padding: "same", activation: "relu", gradients: everything },
  { input: [1, 11, 9, 3], kernel: [3, 3, 3, 4], stride: 2, pool: pool2, activation: "relu" },
  {
    input: [2, 9, 9, 3],
    kernel: [3, 3, 3, 5],
    padding: "same",
    pool: { size: 3, stride: 2, padding: "same" },
    activation: "relu",
    gradients: everything,
  },
  { input: [1, 8, 8, 3], kernel: [3, 3, 3, 5], pool: { size: 3, stride: 1, padding: "valid" }, activation: "relu" },
  { input: [2, 7, 7, 3], kernel: [2, 2, 3, 5], pool: { size: 3, stride: 3, padding: "valid" }, gradients: everything },
  // Other activations.
  { input: [2, 6, 6, 3], kernel: [3, 3, 3, 5], pool: pool2, activation: "tanh", gradients: everything },
  { input: [2, 6, 6, 3], kernel: [3, 3, 3, 5], activation: "elu", gradients: everything },
  { input: [2, 6, 6, 3], kernel: [3, 3, 3, 5], pool: pool2, activation: "leakyRelu", gradients: everything },
  { input: [2, 6, 6, 3], kernel: [3, 3, 3, 5], activation: "sigmoid" },
  { input: [2, 6, 6, 3], kernel: [3, 3, 3, 5], pool: pool2, activation: "relu6" },
  // The layers of the models that people train.
  { input: [4, 28, 28, 1], kernel: [3, 3, 1, 32], pool: pool2, activation: "relu" },
  { input: [4, 13, 13, 32], kernel: [3, 3, 32, 64], pool: pool2, activation: "relu", gradients: everything },
  { input: [2, 28, 28, 1], kernel: [5, 5, 1, 6], padding: "same", pool: pool2, activation: "relu" },
];

export const denseChains: readonly DenseChain[] = [
  { input: [7, 13], units: 5 },
  { input: [7, 13], units: 5, activation: "relu" },
  { input: [7, 13], units: 5, bias: false, activation: "relu" },
  { input: [7, 13], units: 5, bias: false },
  { input: [7, 13], units: 5, activation: "relu", gradients: ["kernel", "bias"] },
  { input: [7, 13], units: 5, activation: "relu", gradients: ["kernel"] },
  { input: [7, 13], units: 5, activation: "relu", gradients: ["input"] },
  { input: [7, 13], units: 5, gradients: ["input", "bias"] },
  { input: [1, 1], units: 1, activation: "relu" },
  { input: [1, 64], units: 10 },
  { input: [33, 7], units: 3, activation: "tanh" },
  { input: [5, 17], units: 6, activation: "elu" },
  { input: [5, 17], units: 6, activation: "sigmoid" },
  { input: [5, 17], units: 6, activation: "leakyRelu" },
  { input: [64, 64], units: 10 },
  { input: [8, 576], units: 64, activation: "relu" },
  { input: [5, 1600], units: 64, activation: "relu" },
];

export const lossChains: readonly LossChain[] = [
  // Every form of the chain.
  { logits: [7, 10], labels: "sparse", weights: false, accuracy: true, backward: true },
  { logits: [7, 10], labels: "sparse", weights: false, accuracy: true, backward: false },
  { logits: [7, 10], labels: "sparse", weights: false, accuracy: false, backward: true },
  { logits: [7, 10], labels: "categorical", weights: false, accuracy: true, backward: true },
  { logits: [7, 10], labels: "categorical", weights: false, accuracy: true, backward: false },
  { logits: [7, 10], labels: "sparse", weights: true, accuracy: true, backward: true },
  { logits: [7, 10], labels: "categorical", weights: true, accuracy: true, backward: true },
  { logits: [7, 10], labels: "categorical", weights: true, accuracy: false, backward: true },
  { logits: [7, 10], labels: "sparse", weights: false, accuracy: true, backward: true, probabilities: true },
  { logits: [7, 10], labels: "sparse", weights: false, accuracy: true, backward: false, probabilities: true },
  // Other sizes.
  { logits: [1, 1], labels: "sparse", weights: false, accuracy: true, backward: true },
  { logits: [1, 10], labels: "sparse", weights: false, accuracy: true, backward: true },
  { logits: [64, 10], labels: "sparse", weights: false, accuracy: true, backward: true },
  { logits: [65, 3], labels: "sparse", weights: true, accuracy: true, backward: true },
  { logits: [3, 1000], labels: "categorical", weights: false, accuracy: true, backward: true },
  { logits: [2, 3, 4, 5], labels: "sparse", weights: true, accuracy: true, backward: true },
  { logits: [2, 3, 4, 5], labels: "categorical", weights: false, accuracy: true, backward: true },
  // Logits far apart.
  { logits: [11, 10], labels: "sparse", weights: false, accuracy: true, backward: true, extreme: true },
  { logits: [11, 10], labels: "categorical", weights: true, accuracy: true, backward: true, extreme: true },
];

const toUnit: AffineAttributes = { scale: 1 / 255, offset: 0 };
const toBothSides: AffineAttributes = { scale: 2 / 255, offset: -1 };
const bytesOf = { dtype: "uint8" } as const;
const floatsOf = { dtype: "float32" } as const;

export const gatherChains: readonly GatherChain[] = [
  // Every fill mode and both interpolations, from bytes and from numbers, 1 to 4 channels.
  ...(["reflect", "wrap", "constant", "nearest"] as const).flatMap((fillMode, index) =>
    (["nearest", "bilinear"] as const).flatMap((interpolation): GatherChain[] => [
      { ...bytesOf, images: [9, 7, 6, index + 1], batchSize: 5, scale: 1 / 255, warp: { interpolation, fillMode } },
      { ...floatsOf, images: [7, 5, 8, index + 1], batchSize: 7, warp: { interpolation, fillMode } },
    ]),
  ),
  // Scaled before, after, both, and without resampling.
  { ...bytesOf, images: [9, 7, 6, 3], batchSize: 4, batchStart: 5, before: toUnit },
  { ...bytesOf, images: [9, 7, 6, 1], batchSize: 4, batchStart: 2, ordered: false, before: toBothSides },
  { ...floatsOf, images: [9, 3, 5, 2], batchSize: 6, scale: 0.5, before: { scale: -3, offset: 2 } },
  ...([toUnit, undefined] as const).flatMap((before) =>
    ([toBothSides, undefined] as const).map(
      (after): GatherChain => ({
        ...bytesOf,
        images: [8, 6, 9, 3],
        batchSize: 5,
        batchStart: 2,
        ...(before ? { before } : {}),
        warp: { interpolation: "bilinear", fillMode: "constant" },
        ...(after ? { after } : {}),
      }),
    ),
  ),
  // A stream's windows have no order.
  {
    ...bytesOf,
    images: [9, 7, 6, 3],
    batchSize: 3,
    batchStart: 6,
    ordered: false,
    before: toUnit,
    warp: { interpolation: "bilinear", fillMode: "reflect" },
  },
  {
    ...bytesOf,
    images: [9, 7, 6, 3],
    batchSize: 3,
    batchStart: 3,
    ordered: false,
    warp: { interpolation: "nearest", fillMode: "wrap" },
  },
  // Crops, and images that grow.
  {
    ...bytesOf,
    images: [6, 9, 8, 3],
    batchSize: 5,
    before: toUnit,
    warp: { size: [6, 5], interpolation: "bilinear", fillMode: "reflect" },
  },
  {
    ...bytesOf,
    images: [6, 3, 4, 1],
    batchSize: 5,
    warp: { size: [7, 6], interpolation: "bilinear", fillMode: "nearest" },
    after: toUnit,
  },
  { ...bytesOf, images: [1, 1, 1, 1], batchSize: 1, warp: { interpolation: "bilinear", fillMode: "reflect" } },
  // Data sets that people train on.
  {
    ...bytesOf,
    images: [70, 28, 28, 1],
    batchSize: 64,
    batchStart: 6,
    scale: 1 / 255,
    warp: { interpolation: "bilinear", fillMode: "nearest" },
  },
  {
    ...bytesOf,
    images: [40, 32, 32, 3],
    batchSize: 32,
    scale: 1 / 255,
    warp: { interpolation: "bilinear", fillMode: "reflect" },
  },
  // Images that backends may cut into bands.
  { ...bytesOf, images: [3, 90, 70, 1], batchSize: 2, warp: { interpolation: "bilinear", fillMode: "reflect" } },
];

const batch = { statistics: "batch" } as const;
const given = { statistics: "given" } as const;
const none = { statistics: "none" } as const;
const square = [3, 3, 6, 8] as const;

export const normalizationChains: readonly NormalizationChain[] = [
  // Batch normalization alone with what may follow, and its gradients.
  { ...batch, input: [4, 5, 6, 7] },
  { ...batch, input: [4, 5, 6, 7], activation: "relu" },
  { ...batch, input: [4, 5, 6, 7], addend: "right" },
  { ...batch, input: [4, 5, 6, 7], addend: "left", activation: "relu" },
  { ...batch, input: [4, 5, 6, 7], addend: "right", activation: "relu6" },
  { ...batch, input: [4, 5, 6, 7], scale: false, activation: "relu", backward: true },
  { ...batch, input: [4, 5, 6, 7], center: false, activation: "relu", backward: true },
  { ...batch, input: [4, 5, 6, 7], scale: false, center: false, backward: true },
  { ...batch, input: [4, 5, 6, 7], backward: true },
  { ...batch, input: [4, 5, 6, 7], activation: "relu", backward: true },
  { ...batch, input: [4, 5, 6, 7], addend: "left", activation: "relu", backward: true },
  { ...batch, input: [4, 5, 6, 7], addend: "right", activation: "relu", backward: true, gradientSum: true },
  { ...batch, input: [4, 5, 6, 7], activation: "relu", backward: true, gradientSum: true },
  { ...batch, input: [4, 5, 6, 7], backward: true, gradientSum: true },
  { ...batch, input: [4, 5, 6, 7], activation: "silu", backward: true },
  { ...batch, input: [4, 5, 6, 7], activation: "tanh", backward: true },
  // Rows and channels of other numbers: dense layers, one channel, more than any block has.
  { ...batch, input: [33, 10], activation: "relu", backward: true },
  { ...batch, input: [9, 1], activation: "relu", backward: true },
  { ...batch, input: [2, 3, 3, 1], addend: "right", activation: "relu", backward: true, gradientSum: true },
  { ...batch, input: [2, 17, 19, 5], activation: "relu", backward: true, gradientSum: true },
  { ...batch, input: [3, 2, 2, 300], addend: "left", activation: "relu", backward: true },
  // Behind a convolution.
  { ...batch, input: [3, 7, 6, 6], kernel: square },
  { ...batch, input: [3, 7, 6, 6], kernel: square, bias: true },
  { ...batch, input: [3, 7, 6, 6], kernel: square, activation: "relu" },
  { ...batch, input: [3, 7, 6, 6], kernel: square, bias: true, addend: "right", activation: "relu" },
  { ...batch, input: [3, 7, 6, 6], kernel: square, addend: "left" },
  { ...batch, input: [3, 7, 6, 6], kernel: square, activation: "relu", backward: true },
  { ...batch, input: [3, 7, 6, 6], kernel: square, bias: true, activation: "relu", backward: true },
  {
    ...batch,
    input: [3, 7, 6, 6],
    kernel: square,
    addend: "right",
    activation: "relu",
    backward: true,
    gradientSum: true,
  },
  { ...batch, input: [3, 7, 6, 6], kernel: square, scale: false, center: false, activation: "relu", backward: true },
  { ...batch, input: [2, 9, 9, 5], kernel: [1, 1, 5, 17], activation: "relu", backward: true },
  { ...batch, input: [2, 9, 9, 16], kernel: [1, 1, 16, 33], stride: 2, activation: "relu6", backward: true },
  {
    ...batch,
    input: [2, 11, 10, 3],
    kernel: [7, 7, 3, 16],
    stride: 2,
    padding: "valid",
    activation: "relu",
    backward: true,
  },
  { ...batch, input: [4, 13, 13, 16], kernel: [3, 3, 16, 16], activation: "relu", backward: true },
  { ...batch, input: [4, 8, 8, 32], kernel: [3, 3, 32, 64], stride: 2, activation: "relu", backward: true },
  { ...batch, input: [2, 9, 8, 6], kernel: [3, 3, 6, 1], depthwise: true, activation: "relu6", backward: true },
  // Given statistics, as in inference: no pass over memory of its own.
  { ...given, input: [3, 7, 6, 6], kernel: square },
  { ...given, input: [3, 7, 6, 6], kernel: square, activation: "relu" },
  { ...given, input: [3, 7, 6, 6], kernel: square, bias: true, activation: "relu" },
  { ...given, input: [3, 7, 6, 6], kernel: square, scale: false, activation: "relu" },
  { ...given, input: [3, 7, 6, 6], kernel: square, center: false, bias: true },
  { ...given, input: [3, 7, 6, 6], kernel: square, scale: false, center: false },
  { ...given, input: [3, 7, 6, 6], kernel: square, addend: "right" },
  { ...given, input: [3, 7, 6, 6], kernel: square, bias: true, addend: "left", activation: "relu" },
  { ...given, input: [3, 8, 6, 6], kernel: square, pool: pool2, activation: "relu" },
  { ...given, input: [3, 8, 6, 6], kernel: square, bias: true, addend: "right", pool: pool2, activation: "relu" },
  { ...given, input: [2, 9, 9, 5], kernel: [1, 1, 5, 17], activation: "silu" },
  { ...given, input: [2, 9, 9, 16], kernel: [1, 1, 16, 33], stride: 2, addend: "right", activation: "relu6" },
  { ...given, input: [2, 11, 10, 3], kernel: [7, 7, 3, 16], stride: 2, padding: "valid", activation: "relu" },
  { ...given, input: [4, 13, 13, 32], kernel: [3, 3, 32, 64], addend: "left", activation: "relu" },
  { ...given, input: [2, 9, 8, 6], kernel: [3, 3, 6, 1], depthwise: true, activation: "relu6" },
  { ...given, input: [2, 9, 8, 6], kernel: [3, 3, 6, 1], depthwise: true, bias: true },
  { ...given, input: [2, 9, 8, 5], kernel: [5, 5, 5, 3], depthwise: true, stride: 2, scale: false, activation: "relu" },
  { ...given, input: [2, 9, 8, 33], kernel: [3, 3, 33, 1], depthwise: true, stride: 2, bias: true, activation: "silu" },
  // Without normalization: what is added, and depthwise convolutions.
  { ...none, input: [3, 7, 6, 6], kernel: square, addend: "right" },
  { ...none, input: [3, 7, 6, 6], kernel: square, bias: true, addend: "left", activation: "relu" },
  { ...none, input: [3, 8, 6, 6], kernel: square, bias: true, addend: "right", pool: pool2, activation: "relu" },
  { ...none, input: [2, 9, 9, 16], kernel: [1, 1, 16, 33], stride: 2, addend: "right", activation: "relu6" },
  { ...none, input: [2, 9, 8, 6], kernel: [3, 3, 6, 1], depthwise: true, bias: true, activation: "relu6" },
  { ...none, input: [2, 9, 8, 6], kernel: [3, 3, 6, 1], depthwise: true, bias: true },
  { ...none, input: [2, 9, 8, 5], kernel: [5, 5, 5, 3], depthwise: true, stride: 2, activation: "relu" },
];
