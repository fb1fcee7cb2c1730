import type { Attributes } from "../ops/definition.js";
import type { OpName } from "../ops/index.js";

/** Names of the groups of ops that a backend may have in one kernel. A new one gets a name here and a pattern below. */
export type FusedName =
  | "fusedSoftmaxLoss"
  | "fusedConv2dBackward"
  | "fusedDenseBackward"
  | "fusedConv2d"
  | "fusedDense";

/** A forward chain: each part reads the first output of the one before, which nothing else reads. */
export interface ChainPattern {
  readonly kind: "chain";
  readonly head: OpName;
  /** Ops that may follow, each at most once, in this order. */
  readonly tail: readonly OpName[];
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

/** A tensor of a loss op that a follower reads: one of its inputs or outputs by position. */
export type LossTensor = { readonly input: number } | { readonly output: number };

/** A loss with ops that follow from what it computes, each optional. */
export interface LossPattern {
  readonly kind: "loss";
  readonly head: OpName;
  /** The first inputs of each follower, in order. Where not all can be fused the later ones are preferred. */
  readonly followers: readonly { readonly op: OpName; readonly reads: readonly LossTensor[] }[];
}

export type FusedPattern = ChainPattern | BackwardPattern | LossPattern;

/**
 * Groups of ops that a backend may have in one kernel. A fused op has no mathematics of its own: it is its parts, run one
 * after the other, and values that only the parts use need no memory. Patterns are tried in this order: a backward matMul is
 * also the head of the dense chain.
 *
 * | name                 | parts, in order; those in brackets may be missing                                           |
 * | -------------------- | ------------------------------------------------------------------------------------------- |
 * | fusedSoftmaxLoss     | softmaxCrossEntropy [accuracy] [softmaxCrossEntropyBackward], at least two of them           |
 * | fusedConv2dBackward  | [unaryBackward] [maxPool2dBackward] [biasAddBackward] [conv2dBackwardInput] conv2dBackwardFilter |
 * | fusedDenseBackward   | [unaryBackward] [biasAddBackward] matMul (input gradient) matMul (kernel gradient), either one |
 * | fusedConv2d          | conv2d [biasAdd] [maxPool2d] [unary], at least two of them                                   |
 * | fusedDense           | matMul [biasAdd] [unary], at least two of them                                               |
 */
export const fusedOps: { readonly [N in FusedName]: FusedPattern } = {
  fusedSoftmaxLoss: {
    kind: "loss",
    head: "softmaxCrossEntropy",
    followers: [
      { op: "accuracy", reads: [{ output: 1 }, { input: 1 }] },
      { op: "softmaxCrossEntropyBackward", reads: [{ output: 1 }, { input: 1 }] },
    ],
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
  fusedConv2d: { kind: "chain", head: "conv2d", tail: ["biasAdd", "maxPool2d", "unary"] },
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
