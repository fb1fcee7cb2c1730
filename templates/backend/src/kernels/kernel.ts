import {
  type Attributes,
  type BoundOp,
  PlanError,
  type StepValues,
  sizeOf,
  type TensorSpec,
} from "@convoy/core/backend";
import type { DeviceMemory } from "../device/device.js";

/** A tensor on the device. */
export interface DeviceTensor extends TensorSpec {
  readonly label: string;
  /** Undefined for a value that only the parts of a fused op use: the kernel does without it. */
  readonly memory: DeviceMemory | undefined;
  readonly byteOffset: number;
}

/** An op of the plan over the device's tensors, which stand in the order of its definition in `@convoy/core`. */
export interface KernelCall<A> extends BoundOp<DeviceTensor> {
  readonly attributes: A & Attributes;
}

/**
 * This device's code for one op.
 *
 * REPLACE: here it computes at once. Yours may record a launch, and return what has to be done once when a plan is compiled
 * apart from what is done in every step.
 */
export type Kernel<A = Attributes> = (op: KernelCall<A>, step: StepValues) => void;

/** REPLACE: the numbers of a float32 tensor; here they are in host memory. */
export function elements({ label, memory, byteOffset, shape }: DeviceTensor): Float32Array {
  if (memory === undefined) {
    throw new PlanError(`template: value ${label} has no memory; a fused kernel has to do without it`);
  }
  return new Float32Array(memory.bytes.buffer, byteOffset, sizeOf(shape));
}
