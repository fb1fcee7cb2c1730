import type { Attributes, DType, TensorSpec } from "../ops/definition.js";
import type { KernelName } from "../ops/index.js";
import type { FusedName } from "./fusedOps.js";
import type { BufferSpec } from "./graph.js";

/** What a plan is for. */
export type PlanMode = "train" | "evaluate" | "predict" | "test";

/** A tensor of a plan. */
export interface PlanValue extends TensorSpec {
  readonly id: number;
  readonly label: string;
  /**
   * The buffer that holds it: "arena" or one of the plan's buffers. Undefined inside a fused op: it has no memory, and the
   * kernel may keep it in registers or not compute it at all.
   */
  readonly buffer?: string;
  /** Bytes from the start of that buffer; a multiple of 256. */
  readonly byteOffset: number;
}

/** One op as a backend sees it before it has memory: what `supports` and `workspaceBytes` are asked about. */
export interface OpInstance {
  readonly op: KernelName | FusedName;
  readonly attributes: Attributes;
  /** Of a fused op: all that its parts read and none of them writes. */
  readonly inputs: readonly TensorSpec[];
  /** Of a fused op: all that its parts write, also what nothing outside will read. */
  readonly outputs: readonly TensorSpec[];
  /** Of a fused op: the ops that it stands for, in order. */
  readonly parts?: readonly OpInstance[];
}

/** An input and an output of an op, by position, that may be one piece of memory. */
export interface InPlacePair {
  readonly input: number;
  readonly output: number;
}

/** One step of a plan: an op over values, all named by id. */
export interface PlanOp {
  readonly op: KernelName | FusedName;
  readonly attributes: Attributes;
  /** Values read. Of a fused op: all that its parts read and none of them writes. */
  readonly inputs: readonly number[];
  /** Values written. Of a fused op: those that something outside it reads. */
  readonly outputs: readonly number[];
  /** Those of the inputs that are overwritten. */
  readonly updates: readonly number[];
  /** Values written into the memory of an input, which is not needed any more; absent: none. */
  readonly inPlace?: readonly { readonly input: number; readonly output: number }[];
  /** Of a fused op: the ops that it stands for, in order; running them one by one is its definition. */
  readonly parts?: readonly PlanOp[];
  /** Scratch memory that the backend asked for: a uint8 value, its content undefined before and after. */
  readonly workspace?: number;
  /** The layer or purpose that it stands for. */
  readonly label: string;
  readonly flops: number;
  /** Bytes that it must move at least. */
  readonly bytes: number;
}

/** A compiled step as plain data: what runs, in which order, on which memory. */
export interface Plan {
  readonly mode: PlanMode;
  /** Samples a step. */
  readonly batchSize: number;
  readonly values: readonly PlanValue[];
  readonly ops: readonly PlanOp[];
  /** Buffers that outlive a step, by name, arena not included. */
  readonly buffers: Readonly<Record<string, BufferSpec>>;
  /** Scratch memory of one step: activations, gradients of activations, workspaces. */
  readonly arenaBytes: number;
  /** Values of shape [1] that are reported for every step, in this order. */
  readonly results: readonly number[];
}

/** Element types that a typed array stands for. */
export const typedArrays: {
  readonly [D in DType]: Float32ArrayConstructor | Int32ArrayConstructor | Uint8ArrayConstructor;
} = {
  float32: Float32Array,
  int32: Int32Array,
  uint8: Uint8Array,
};
