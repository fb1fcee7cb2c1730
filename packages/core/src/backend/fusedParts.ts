import type { TensorSpec } from "../ops/definition.js";
import type { KernelName, OpAttributes } from "../ops/index.js";
import { type BackwardPattern, type FusedName, fusedOps, type GradientRole, isReader } from "../plan/fusedOps.js";
import type { OpInstance } from "../plan/plan.js";
import type { BoundOp } from "./bindPlan.js";

/** An op, fused or not, whose parts are of type `O`. */
interface MaybeFused<O> {
  readonly parts?: readonly O[];
}

/** The op's attributes, typed by its name. */
export function attributesOf<N extends KernelName>(_name: N, op: Pick<OpInstance, "attributes">): OpAttributes[N] {
  return op.attributes as unknown as OpAttributes[N];
}

/** The first of a fused op's parts with this name; undefined where there is none or the op is not fused. */
export function partOf<O extends OpInstance>({ parts }: MaybeFused<O>, name: KernelName): O | undefined {
  return parts?.find((part) => part.op === name);
}

/** What `supports` says to a fused op: true where all its parts are among `known`, else which one the kernel lacks. */
export function takesParts({ op, parts = [] }: OpInstance, known: readonly KernelName[]): true | string {
  const other = parts.find((part) => !known.some((name) => name === part.op));
  return other === undefined || `${op} with ${other.op}`;
}

/** What a forward chain consists of, or its head alone. */
export interface ChainParts<O> {
  /** conv2d, depthwiseConv2d, matMul or batchNorm. */
  readonly head: O;
  readonly bias: O | undefined;
  /** batchNorm, over statistics of the batch, or normalize, over given ones. */
  readonly normalization: O | undefined;
  /** movingAverage of the statistics, in the order of batchNorm's outputs. */
  readonly averages: readonly O[];
  /** add; `addend` gives what is added. */
  readonly addition: O | undefined;
  readonly pooling: O | undefined;
  readonly activation: O | undefined;
  /** The part whose first output is the chain's. */
  readonly last: O;
}

/** The parts of a forward chain by what they do. An op that is not fused is its own head. */
export function chainParts<O extends OpInstance>(op: O & MaybeFused<O>): ChainParts<O> {
  const parts: readonly O[] = op.parts ?? [op];
  return {
    head: parts[0]!,
    bias: partOf(op, "biasAdd"),
    normalization: parts.find((part) => part.op === "batchNorm" || part.op === "normalize"),
    averages: parts.filter((part) => part.op === "movingAverage"),
    addition: partOf(op, "add"),
    pooling: partOf(op, "maxPool2d"),
    activation: partOf(op, "unary"),
    last: parts.findLast((part) => part.op !== "movingAverage")!,
  };
}

/** What a gathered batch goes through before it is written. */
export interface GatherParts<O> {
  readonly gather: O;
  /** affine of the source's numbers, before they are resampled or without that. */
  readonly before: O | undefined;
  /** Reads what was gathered and, from outside, the transforms. */
  readonly warp: O | undefined;
  /** affine of what was resampled, its fill value included. */
  readonly after: O | undefined;
}

/** The parts of `fusedGatherRows` by what they do. A gatherRows that is not fused is alone. */
export function gatherParts<O extends OpInstance>(op: O & MaybeFused<O>): GatherParts<O> {
  const parts: readonly O[] = op.parts ?? [op];
  const warp = parts.findIndex((part) => part.op === "warp2d");
  const affine = (from: number, to: number): O | undefined =>
    parts.slice(from, to).find((part) => part.op === "affine");
  return {
    gather: parts[0]!,
    before: affine(0, warp < 0 ? parts.length : warp),
    warp: parts[warp],
    after: warp < 0 ? undefined : affine(warp, parts.length),
  };
}

/** What an `add` among the parts of a bound op takes from outside: it may be either of its inputs. */
export function addend<T extends TensorSpec>(op: BoundOp<T>, addition: BoundOp<T>): T {
  const written = op.parts!.flatMap(({ outputs }) => outputs);
  return addition.inputs.find((input) => !written.includes(input))!;
}

/** What the backward pass of a batch normalization consists of: what computes the gradient of its output, and what reads it. */
export interface NormGradientParts<O> {
  /** add, the first: the gradient comes from two sides. Both of its inputs are from outside. */
  readonly addition: O | undefined;
  /** unaryBackward. Where its output has a buffer, something outside reads it as well. */
  readonly activation: O | undefined;
  readonly sums: O;
  readonly input: O | undefined;
}

/** The parts of `fusedBatchNormBackward` by what they do. */
export function normGradientParts<O extends OpInstance>(op: MaybeFused<O>): NormGradientParts<O> {
  return {
    addition: partOf(op, "add"),
    activation: partOf(op, "unaryBackward"),
    sums: partOf(op, "batchNormBackwardSums")!,
    input: partOf(op, "batchNormBackwardInput"),
  };
}

/** What a backward group consists of: the ops that compute the gradient of a linear op's output and those that read it. */
export interface GradientParts<O> {
  /** unaryBackward, the first. */
  readonly activation: O | undefined;
  /** maxPool2dBackward. */
  readonly pooling: O | undefined;
  /** The ops that make the gradients of bias, input and kernel. */
  readonly bias: O | undefined;
  readonly input: O | undefined;
  readonly kernel: O | undefined;
}

/** The parts of `fusedConv2dBackward` or `fusedDenseBackward` by what they do. */
export function gradientParts<O extends OpInstance>(op: {
  readonly op: OpInstance["op"];
  readonly parts?: readonly O[];
}): GradientParts<O> {
  const { readers } = fusedOps[op.op as FusedName] as BackwardPattern;
  const inRole = (role: GradientRole): O | undefined => {
    const reader = readers.find((candidate) => candidate.role === role)!;
    return op.parts?.find((part) => isReader(reader, part));
  };
  return {
    activation: partOf(op, "unaryBackward"),
    pooling: partOf(op, "maxPool2dBackward"),
    bias: inRole("bias"),
    input: inRole("input"),
    kernel: inRole("kernel"),
  };
}
