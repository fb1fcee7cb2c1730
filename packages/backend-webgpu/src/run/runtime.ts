import type { Plan } from "@convoy/core/backend";
import type { Device } from "../device/device.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import type { KernelTarget } from "../wgsl/target.js";
import type { Pipelines } from "./pipelines.js";
import type { StepRows } from "./stepRows.js";

/** Takes one of the variants of each dispatch. */
export interface VariantSelector {
  /** `onReady` is called once for each alternative. Rejects with `DeviceError` where the device fails or is disposed. */
  tune(dispatches: readonly Dispatch[], onReady: () => void): Promise<readonly Dispatch[]>;
}

/** What the executables of one backend share. */
export interface Runtime {
  readonly device: Device;
  readonly target: KernelTarget;
  readonly pipelines: Pipelines;
  readonly steps: StepRows;
  /** Absent where the first variant of every kernel is taken. */
  readonly selector: VariantSelector | undefined;
  /** The dispatches of plans, each in its selected variant: compiling a plan over other buffers starts from here. */
  readonly selected: WeakMap<Plan, readonly Dispatch[]>;
}
