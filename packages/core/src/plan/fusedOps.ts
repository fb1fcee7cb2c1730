import type { OpName } from "../ops/index.js";

/**
 * Groups of ops that a backend may have in one kernel. A fused op has no mathematics of its own: it is its parts, run one
 * after the other, and values that only the parts use need no memory.
 *
 * | name                 | parts, in order; those in brackets may be missing                                           |
 * | -------------------- | ------------------------------------------------------------------------------------------- |
 * | fusedConv2d          | conv2d [biasAdd] [maxPool2d] [unary], at least two of them                                   |
 * | fusedConv2dBackward  | [unaryBackward] [maxPool2dBackward] [biasAddBackward] [conv2dBackwardInput] conv2dBackwardFilter |
 * | fusedDense           | matMul [biasAdd] [unary], at least two of them                                               |
 * | fusedDenseBackward   | [unaryBackward] [biasAddBackward] matMul (input gradient) matMul (kernel gradient), either one |
 * | fusedSoftmaxLoss     | softmaxCrossEntropy [accuracy] [softmaxCrossEntropyBackward], at least two of them           |
 */
export const fusedNames = [
  "fusedConv2d",
  "fusedConv2dBackward",
  "fusedDense",
  "fusedDenseBackward",
  "fusedSoftmaxLoss",
] as const;

export type FusedName = (typeof fusedNames)[number];

/** A forward chain: each part reads the first output of the one before, which nothing else reads. */
export interface ChainPattern {
  readonly name: FusedName;
  readonly head: OpName;
  /** Ops that may follow, each at most once, in this order. */
  readonly tail: readonly OpName[];
}

export const chainPatterns: readonly ChainPattern[] = [
  { name: "fusedConv2d", head: "conv2d", tail: ["biasAdd", "maxPool2d", "unary"] },
  { name: "fusedDense", head: "matMul", tail: ["biasAdd", "unary"] },
];

/** A backward group: all readers of the gradient of a linear op's output, and the elementwise ops that compute it. */
export interface BackwardPattern {
  readonly name: FusedName;
  /** Ops that read the gradient: all its readers must be among these, at most one for each of input, kernel and bias. */
  readonly readers: readonly OpName[];
  /** At least one of the readers must be this op. */
  readonly anchor: OpName;
  /** Ops that compute the gradient, from its last producer backwards, each optional. */
  readonly producers: readonly OpName[];
}

export const backwardPatterns: readonly BackwardPattern[] = [
  {
    name: "fusedConv2dBackward",
    readers: ["biasAddBackward", "conv2dBackwardInput", "conv2dBackwardFilter"],
    anchor: "conv2dBackwardFilter",
    producers: ["maxPool2dBackward", "unaryBackward"],
  },
  {
    name: "fusedDenseBackward",
    readers: ["biasAddBackward", "matMul"],
    anchor: "matMul",
    producers: ["unaryBackward"],
  },
];
