import type { Attributes } from "../ops/definition.js";
import type { OpName } from "../ops/index.js";

/** Names of the groups of ops that a backend may have in one kernel. A new one gets a name here and a pattern below. */
export type FusedName =
  | "fusedGatherRows"
  | "fusedSoftmaxLoss"
  | "fusedBatchNormBackward"
  | "fusedConv2dBackward"
  | "fusedDenseBackward"
  | "fusedConv2dBatchNorm"
  | "fusedBatchNorm"
  | "fusedConv2d"
  | "fusedDepthwiseConv2d"
  | "fusedDense";

/** A forward chain: each part reads the first output of the one before, which nothing else reads. */
export interface ChainPattern {
  readonly kind: "chain";
  readonly head: OpName;
  /** Ops that may follow, each at most once where it is listed, in this order. */
  readonly tail: readonly OpName[];
  /** An op over statistics of what it reads. */
  readonly statistics?: {
    /** It is one of the parts. What it reads may be read elsewhere too and is then written as well. */
    readonly op: OpName;
    /** Ops that read its other outputs and run along. */
    readonly followers: readonly OpName[];
  };
}

/** What an op makes of the gradient of a linear op's output. */
export type GradientRole = "input" | "kernel" | "bias";

/** An op that makes one of the gradients of a linear op. */
export interface GradientReader {
  readonly role: GradientRole;
  readonly op: OpName;
  /** Position of the output's gradient among its inputs. */
  readonly gradient: number;
  /** Attributes that tell it from the same op in another role. */
  readonly attributes?: Attributes;
}

/** A backward group: all readers of the gradient of a linear op's output, and the elementwise ops that compute it. */
export interface BackwardPattern {
  readonly kind: "backward";
  /** Ops that read the gradient: all its readers must be among these, at most one in each role. */
  readonly readers: readonly GradientReader[];
  /** At least one of the readers must be this op. */
  readonly anchor: OpName;
  /** Ops that compute the gradient, from its last producer backwards, each optional. */
  readonly producers: readonly OpName[];
  /** Attributes in which the gradients of input and kernel agree where they are of one linear op. */
  readonly shared: readonly string[];
}

/** A backward op that adds up over a gradient, the ops that compute that gradient, and the op that needs the sums. */
export interface SumsPattern {
  readonly kind: "sums";
  readonly head: OpName;
  /** Ops that compute the gradient, from its last producer backwards, each optional. */
  readonly producers: readonly OpName[];
  /** Reads the gradient and all sums; optional. */
  readonly follower: OpName;
}

/** A tensor of a loss op that a follower reads: one of its inputs or outputs by position. */
export type LossTensor = { readonly input: number } | { readonly output: number };

/** A loss with ops that follow from what it computes, each optional. */
export interface LossPattern {
  readonly kind: "loss";
  readonly head: OpName;
  /** The first inputs of each follower, in order. Where not all can be fused the later ones are preferred. */
  readonly followers: readonly { readonly op: OpName; readonly reads: readonly LossTensor[] }[];
}

/** Mean and variance of the batch go into the moving ones. */
const batchStatistics = { op: "batchNorm", followers: ["movingAverage"] } as const;

export type FusedPattern = ChainPattern | BackwardPattern | SumsPattern | LossPattern;

/**
 * Groups of ops that a backend may have in one kernel. A fused op has no mathematics of its own: it is its parts, run one
 * after the other, and values that only the parts use need no memory. Patterns are tried in this order: a backward matMul is
 * also the head of the dense chain, and a convolution that batchNorm follows also heads a plain one.
 *
 * | name                   | parts, in order; those in brackets may be missing, but two there must be                  |
 * | ---------------------- | ------------------------------------------------------------------------------------------ |
 * | fusedGatherRows        | gatherRows [affine] [warp2d] [affine]                                                       |
 * | fusedSoftmaxLoss       | softmaxCrossEntropy [accuracy] [softmaxCrossEntropyBackward]                                |
 * | fusedBatchNormBackward | [add] [unaryBackward] batchNormBackwardSums [batchNormBackwardInput]                        |
 * | fusedConv2dBackward    | [unaryBackward] [maxPool2dBackward] [biasAddBackward] [conv2dBackwardInput] conv2dBackwardFilter |
 * | fusedDenseBackward     | [unaryBackward] [biasAddBackward] matMul (input gradient) matMul (kernel gradient), either one |
 * | fusedConv2dBatchNorm   | conv2d [biasAdd] batchNorm [movingAverage] [movingAverage] [add] [unary]                    |
 * | fusedBatchNorm         | batchNorm [movingAverage] [movingAverage] [add] [unary]                                     |
 * | fusedConv2d            | conv2d [biasAdd] [normalize] [add] [maxPool2d] [unary]                                      |
 * | fusedDepthwiseConv2d   | depthwiseConv2d [biasAdd] [normalize] [unary]                                               |
 * | fusedDense             | matMul [biasAdd] [unary]                                                                    |
 */
export const fusedOps: { readonly [N in FusedName]: FusedPattern } = {
  fusedGatherRows: { kind: "chain", head: "gatherRows", tail: ["affine", "warp2d", "affine"] },
  fusedSoftmaxLoss: {
    kind: "loss",
    head: "softmaxCrossEntropy",
    followers: [
      { op: "accuracy", reads: [{ output: 1 }, { input: 1 }] },
      { op: "softmaxCrossEntropyBackward", reads: [{ output: 1 }, { input: 1 }] },
    ],
  },
  fusedBatchNormBackward: {
    kind: "sums",
    head: "batchNormBackwardSums",
    producers: ["unaryBackward", "add"],
    follower: "batchNormBackwardInput",
  },
  fusedConv2dBackward: {
    kind: "backward",
    readers: [
      { role: "input", op: "conv2dBackwardInput", gradient: 0 },
      { role: "kernel", op: "conv2dBackwardFilter", gradient: 1 },
      { role: "bias", op: "biasAddBackward", gradient: 0 },
    ],
    anchor: "conv2dBackwardFilter",
    producers: ["maxPool2dBackward", "unaryBackward"],
    shared: ["strides", "padding", "dilation"],
  },
  fusedDenseBackward: {
    kind: "backward",
    // The kernel gradient is x^T dy, the input gradient dy W^T; a forward product has neither transpose.
    readers: [
      { role: "input", op: "matMul", gradient: 0, attributes: { transposeA: false, transposeB: true } },
      { role: "kernel", op: "matMul", gradient: 1, attributes: { transposeA: true, transposeB: false } },
      { role: "bias", op: "biasAddBackward", gradient: 0 },
    ],
    anchor: "matMul",
    producers: ["unaryBackward"],
    shared: [],
  },
  fusedConv2dBatchNorm: {
    kind: "chain",
    head: "conv2d",
    tail: ["biasAdd", "batchNorm", "add", "unary"],
    statistics: batchStatistics,
  },
  fusedBatchNorm: { kind: "chain", head: "batchNorm", tail: ["add", "unary"], statistics: batchStatistics },
  fusedConv2d: { kind: "chain", head: "conv2d", tail: ["biasAdd", "normalize", "add", "maxPool2d", "unary"] },
  fusedDepthwiseConv2d: { kind: "chain", head: "depthwiseConv2d", tail: ["biasAdd", "normalize", "unary"] },
  fusedDense: { kind: "chain", head: "matMul", tail: ["biasAdd", "unary"] },
};

/** All of them, in the order in which they are tried. */
export const fusedNames: readonly FusedName[] = Object.keys(fusedOps) as FusedName[];

/** Whether an op is the one that a reader of a backward pattern names. */
export function isReader(
  { op, attributes = {} }: GradientReader,
  operation: { readonly op: string; readonly attributes: Attributes },
): boolean {
  return (
    operation.op === op &&
    Object.entries(attributes).every(([name, value]) => Boolean(operation.attributes[name]) === value)
  );
}
