import { type BoundOp, bytesOf, type OpInstance, type TensorSpec } from "@convoy/core/backend";
import type { StructValues } from "./arguments/pack.js";
import type { Launch } from "./launch.js";

/** Arithmetic of matrix products: fp32, or operands rounded to tf32 (10 bits of mantissa) with fp32 sums. */
export type Precision = "float32" | "tf32";

/** What the choice of kernels depends on. */
export interface Target {
  readonly multiprocessors: number;
  readonly precision: Precision;
}

/** A tensor on the device. */
export interface DeviceTensor extends TensorSpec {
  readonly id: number;
  /** 0 for a value inside a fused op, which has no memory. */
  readonly address: number;
}

/** An op with its tensors on the device. */
export type DeviceOp = BoundOp<DeviceTensor>;

/** What launches are built with, beside the op: memory of the executable. */
export interface LaunchContext extends Target {
  /** Whether the card is one of a group, each of another process. */
  readonly inGroup: boolean;
  /** Address of the table of steps. */
  readonly stepTable: number;
  /** Address of the cursor and the fault word. */
  readonly stepState: number;
  /** Device memory of the executable's own, zero at first, kept as long as it. */
  scratch(bytes: number): number;
  /** How a launch ends the step. Only the last launch of a step `ends` it. */
  stepEnd(ends: boolean): StructValues<"StepEnd">;
}

/** How one op runs on the device. */
export interface OpKernel {
  /** True, or the reason why not; absent: always. */
  supports?(op: OpInstance): true | string;
  /** Scratch memory in bytes; absent: none. */
  workspaceBytes?(op: OpInstance, target: Target): number;
  /** `last`: no op follows in the step. */
  launches(op: DeviceOp, context: LaunchContext, last: boolean): Launch[];
}

/** Whether two tensors share memory. */
export function overlap(a: DeviceTensor, b: DeviceTensor): boolean {
  return a.address !== 0 && b.address !== 0 && a.address < b.address + bytesOf(b) && b.address < a.address + bytesOf(a);
}
