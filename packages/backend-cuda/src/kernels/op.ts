import { bytesOf, type KernelName, type OpAttributes, type OpInstance, type TensorSpec } from "@convoy/core/backend";
import type { Arguments } from "./arguments.js";
import type { Launch } from "./launch.js";

/** Arithmetic of matrix products: fp32, or operands rounded to tf32 (10 bits of mantissa) with fp32 sums. */
export type Precision = "float32" | "tf32";

/** What the choice of kernels depends on. */
export interface Target {
  readonly multiprocessors: number;
  readonly precision: Precision;
}

/** A tensor in its place. */
export interface BoundTensor extends TensorSpec {
  readonly id: number;
  /** Device address; 0 for a value inside a fused op, which has no memory. */
  readonly address: number;
}

/** An op with addresses. */
export interface BoundOp extends OpInstance {
  readonly inputs: readonly BoundTensor[];
  readonly outputs: readonly BoundTensor[];
  readonly parts?: readonly BoundOp[];
  /** Address of the scratch memory that `workspaceBytes` asked for; 0 without. */
  readonly workspace: number;
  /** The layer or purpose, for errors. */
  readonly label: string;
}

/** What launches are built with, beside the op: memory of the executable. */
export interface LaunchContext extends Target {
  /** Address of the table of steps. */
  readonly stepTable: number;
  /** Address of the cursor and the fault word. */
  readonly stepState: number;
  /** Device memory of the executable's own, zero at first, kept as long as it. */
  scratch(bytes: number): number;
  /** Adds a `StepEnd` of kernels/step.h. Only the last launch of a step `ends` it. */
  packStepEnd(to: Arguments, ends: boolean): void;
}

/** How one op runs on the device. */
export interface OpKernel {
  /** True, or the reason why not; absent: always. */
  supports?(op: OpInstance): true | string;
  /** Scratch memory in bytes; absent: none. */
  workspaceBytes?(op: OpInstance, target: Target): number;
  /** `last`: no op follows in the step. */
  launches(op: BoundOp, context: LaunchContext, last: boolean): Launch[];
}

/** The op's attributes, typed by its name. */
export function attributesOf<N extends KernelName>(_name: N, op: Pick<OpInstance, "attributes">): OpAttributes[N] {
  return op.attributes as unknown as OpAttributes[N];
}

/** The first of a fused op's parts with this name. */
export function partOf<O extends OpInstance>(op: Fused<O>, name: KernelName): O | undefined {
  return op.parts?.find((part) => part.op === name);
}

/** Whether two tensors share memory. */
export function overlap(a: BoundTensor, b: BoundTensor): boolean {
  return a.address !== 0 && b.address !== 0 && a.address < b.address + bytesOf(b) && b.address < a.address + bytesOf(a);
}

/** An op, fused or not, whose parts are of type `O`. */
interface Fused<O> {
  readonly parts?: readonly O[];
}

/** `Fp32` or `Tf32`, as kernels' names end. */
export function suffixOf({ precision }: Target): string {
  return precision === "tf32" ? "Tf32" : "Fp32";
}
