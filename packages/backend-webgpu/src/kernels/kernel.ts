import type { Attributes, BoundOp, OpInstance, PlanValue } from "@convoy/core/backend";
import type { Dispatch } from "../wgsl/dispatch.js";
import type { KernelTarget } from "../wgsl/target.js";

/** An op of a plan with its tensors in place; inside a fused op a tensor without `buffer` has no memory. */
export interface KernelCall<A = Attributes> extends Omit<BoundOp<PlanValue>, "attributes"> {
  readonly attributes: A;
  /** Op and layer, as in "conv2d (conv2d_1)". */
  readonly label: string;
  readonly target: KernelTarget;
}

/** One op, or one group of fused ops, on this backend. */
export interface Kernel<A = Attributes> {
  /** (optional; true) True, or the reason why it cannot take these shapes and attributes. */
  supports?(op: OpInstance, target: KernelTarget): true | string;
  /** (optional; 0) Scratch bytes. Depends on shapes and attributes alone, as the plan is built on it. */
  workspaceBytes?(op: OpInstance, target: KernelTarget): number;
  /** The launches that compute it, in order. */
  dispatches(call: KernelCall<A>): Dispatch[];
}

/** What a kernel is given of an op of a plan, or of a part of a fused one. */
export function callOf(op: BoundOp<PlanValue>, target: KernelTarget): KernelCall {
  return { ...op, label: op.label ? `${op.op} (${op.label})` : op.op, target };
}

/** A slice of the workspace as a float32 tensor, starting at `floatOffset` (a multiple of 64). */
export function scratch(
  { workspace: whole }: { readonly workspace?: PlanValue },
  name: string,
  floatOffset: number,
  length: number,
): PlanValue {
  const workspace = whole!;
  return {
    ...workspace,
    label: `${workspace.label}.${name}`,
    shape: [length],
    dtype: "float32",
    byteOffset: workspace.byteOffset + floatOffset * 4,
  };
}
