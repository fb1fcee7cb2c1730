import type { Attributes, StepValues, TensorSpec } from "@convoy/core/backend";
import type { DeviceMemory } from "./device.js";

/** A tensor on the device. */
export interface DeviceTensor extends TensorSpec {
  readonly memory: DeviceMemory;
  readonly byteOffset: number;
}

/** What a kernel is launched with: tensors in the order of the op's definition in `@convoy/core`. */
export interface KernelCall<A> {
  readonly inputs: readonly DeviceTensor[];
  readonly outputs: readonly DeviceTensor[];
  readonly attributes: A;
  readonly step: StepValues;
}

/**
 * This device's code for one op.
 *
 * REPLACE: here it computes at once. Yours may record a launch, and return what has to be done once when a plan is compiled
 * apart from what is done in every step.
 */
export type Kernel<A = Attributes> = (call: KernelCall<A>) => void;
