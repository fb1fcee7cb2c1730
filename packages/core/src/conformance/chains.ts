/**
 * Runs of ops that backends may have in one kernel, as data: each is run with the backend's fused ops and compared with
 * the reference, op by op. What decides (which number of a window is largest, which is above 0) is exact in float32 here,
 * so that no two correct kernels decide differently.
 */

import type { Shape } from "../ops/definition.js";
import type { LabelKind } from "../ops/lossShapes.js";
import type { UnaryFunction } from "../ops/unary.js";
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
