import type { KernelName, OpAttributes } from "../ops/index.js";
import { type BackwardPattern, type FusedName, fusedOps, type GradientRole, isReader } from "../plan/fusedOps.js";
import type { OpInstance } from "../plan/plan.js";

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

/** What a forward chain consists of: `fusedConv2d`, `fusedDense`, or their head alone. */
export interface ChainParts<O> {
  /** conv2d or matMul. */
  readonly head: O;
  readonly bias: O | undefined;
  readonly pooling: O | undefined;
  readonly activation: O | undefined;
  /** The part whose first output is the chain's. */
  readonly last: O;
}

/** The parts of a forward chain by what they do. An op that is not fused is its own head. */
export function chainParts<O extends OpInstance>(op: O & MaybeFused<O>): ChainParts<O> {
  const { parts = [op] } = op;
  return {
    head: parts[0]!,
    bias: partOf(op, "biasAdd"),
    pooling: partOf(op, "maxPool2d"),
    activation: partOf(op, "unary"),
    last: parts[parts.length - 1]!,
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
