import type { Attributes, BoundOp, OpInstance, PlanValue } from "@convoy/core/backend";
import type { Dispatch } from "./dispatch.js";

/**
 * The style of kernels: "registers" keeps everything in the registers of one invocation, without barriers, for software
 * adapters; "tiled" shares tiles in workgroup memory, for GPUs.
 */
export type KernelStyle = "registers" | "tiled";

/** Of the factors in convolutions and matrix products; sums are float32 in any case. */
export type Precision = "float32" | "float16";

/** What kernels are chosen by. */
export interface KernelTarget {
  readonly style: KernelStyle;
  /** Bytes that one binding may have: larger data sets are bound in chunks. */
  readonly maxBindingBytes: number;
  /** Invocations of a workgroup, and bytes of its memory. */
  readonly maxWorkgroupSize: number;
  readonly maxWorkgroupBytes: number;
  /** Invocations of a subgroup; absent unless subgroups were asked for and the adapter has them. */
  readonly subgroupSize?: { readonly min: number; readonly max: number };
  /** "float16": kernels of the forward pass may multiply in float16; asked for and offered by the adapter. */
  readonly precision: Precision;
  /** Whether kernels are timed to find the fastest. */
  readonly tunes: boolean;
  /** (tests) Takes one of all variants, whether estimated to be fast or not. */
  readonly pickVariant?: PickVariant;
}

/** Takes one of the variants of a kernel. */
export type PickVariant = (variants: readonly [Dispatch, ...Dispatch[]]) => Dispatch;

/** An op of a plan with its tensors in place; inside a fused op a tensor without `buffer` has no memory. */
export interface KernelCall<A = Attributes> extends Omit<BoundOp, "attributes"> {
  readonly attributes: A;
  /** Op and layer, as in "conv2d (conv2d_1)". */
  readonly label: string;
  readonly target: KernelTarget;
}

/** One op, or one group of fused ops, on this backend. */
export interface Kernel<A = Attributes> {
  /** (optional; true) Whether it takes these shapes and attributes, or why not. */
  supports?(op: OpInstance, target: KernelTarget): true | string;
  /** (optional; 0) Scratch bytes. Depends on shapes and attributes alone, as the plan is built on it. */
  workspaceBytes?(op: OpInstance, target: KernelTarget): number;
  /** The launches that compute it, in order. */
  dispatches(call: KernelCall<A>): Dispatch[];
}

/** What a kernel is given of an op of a plan, or of a part of a fused one. */
export function callOf(op: BoundOp, target: KernelTarget): KernelCall {
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
