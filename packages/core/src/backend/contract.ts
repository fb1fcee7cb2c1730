/**
 * The contract between Convoy and a backend: everything that a backend author implements or receives. A backend is not a
 * tensor library: it never sees single operations from a user, it gets whole plans, compiles each once and runs it many
 * times. Start from `templates/backend`; `@convoy/core/conformance` is the test of what you build.
 */

import type { DType } from "../ops/definition.js";
import type { KernelName } from "../ops/index.js";
import type { FusedName } from "../plan/fusedOps.js";
import type { BufferSpec } from "../plan/graph.js";
import type { InPlacePair, OpInstance, Plan } from "../plan/plan.js";
import type { StepTable } from "../plan/stepTable.js";
import type { TensorData } from "../tensor.js";
import type { ProcessGroup } from "./processGroup.js";

/** What a backend runs on. */
export interface DeviceInfo {
  /** Short name for tables: "AMD EPYC 9654, 2 threads", "NVIDIA H200". */
  readonly name: string;
  /** Whatever a user wants to know when something is slow: driver, variant chosen and why. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** Device memory in bytes. */
export interface MemoryInfo {
  /** What is allocated now: buffers, executables and their scratch memory. */
  readonly usedBytes: number;
  /** The most that was allocated at one time since the backend was made. */
  readonly peakBytes: number;
}

/** Memory on the device that outlives a step: parameters, gradients, slots, data sets, predictions, the arena. */
export interface DeviceBuffer {
  readonly label: string;
  readonly dtype: DType;
  /** Number of elements. */
  readonly length: number;

  /**
   * Copies host data in, from element `offset` on (default 0). The data may be reused by the caller as soon as this
   * returns. Ordered with runs: a run that was started before sees the old content, one started after the new.
   */
  write(data: TensorData, offset?: number): void;

  /**
   * Copies `length` elements from `offset` on to the host; default: all of it. Ordered with runs: what every run started
   * before has written, and nothing of one started after.
   */
  read(offset?: number, length?: number): Promise<TensorData>;

  /** Frees the memory. Calling it twice is harmless. */
  dispose(): void;
}

/** A plan bound to buffers, ready to run. */
export interface Executable {
  /**
   * Runs one step for each row of the table, in order, without returning to JavaScript in between where the backend can.
   * Resolves to the plan's results, `results.length` numbers a step, when the steps are done. A second run may be started
   * before the first has resolved; runs never overlap or overtake each other. Rejects with `DeviceError` if the device
   * fails.
   */
  run(steps: StepTable): Promise<Float32Array>;

  /** Frees what belongs to this executable; buffers are the caller's. Calling it twice is harmless. */
  dispose(): void;
}

/** Told while a plan is compiled: `done` of `total` kernels are ready. */
export type CompileProgress = (done: number, total: number) => void;

/** A device that compiles and runs plans. */
export interface Backend {
  /** "wasm", "webgpu", "cuda", "reference": lower case, the same for every device. */
  readonly name: string;
  readonly device: DeviceInfo;

  /** The fused ops that it has in one kernel; `supports` is asked about each before it is used. Empty is fine. */
  readonly fusions: readonly FusedName[];

  /**
   * (optional; none) The ops that it has no kernel for, whatever their shapes: `supports` refuses them, and the conformance
   * kit reports their cases as unsupported. What it refuses beyond these fails the kit.
   */
  readonly unsupportedOps?: readonly KernelName[];

  /** (optional; none) The processes that train together, of which this is one. */
  readonly group?: ProcessGroup;

  /** True, or the reason why this op with these shapes and attributes cannot run here. Asked before anything is compiled. */
  supports(op: OpInstance): true | string;

  /** (optional; 0) Scratch memory in bytes that the kernel for this op wants. It is placed in the arena for that op alone. */
  workspaceBytes?(op: OpInstance): number;

  /**
   * (optional; none) Inputs and outputs of this op, by their positions in it, that may be one piece of memory: no element of the
   * output is written before the last read of that element of the input. A plan does so where they are equally large and
   * nothing needs the input afterwards.
   */
  inPlace?(op: OpInstance): readonly InPlacePair[];

  /**
   * (optional) The bytes of a buffer that lies in host memory, to be read and written while no run uses it; good until something
   * else is allocated.
   */
  hostView?(buffer: DeviceBuffer): Uint8Array;

  /**
   * (optional) Has this device run `allReduce` over the devices of a group's processes by itself, in the middle of a step. All processes call it;
   * true where all of them can. Otherwise what lies between two sums is run as a plan of its own.
   */
  joinGroup?(group: ProcessGroup): Promise<boolean>;

  /** Allocates device memory, zero-filled. Throws `DeviceError` when there is not enough, with the size. */
  createBuffer(label: string, spec: BufferSpec): DeviceBuffer;

  /**
   * Prepares a plan to run on these buffers: one for each name in `plan.buffers`, and "arena" (uint8, at least
   * `plan.arenaBytes` long; its content is undefined before and after a step). Every op in the plan is one that `supports`
   * said true to. Compiling the same plan over other buffers should be cheap: keep what depends on the plan alone.
   */
  compile(
    plan: Plan,
    buffers: Readonly<Record<string, DeviceBuffer>>,
    onProgress?: CompileProgress,
  ): Promise<Executable>;

  /** (optional) How many kernels a step of the plan launches; a plan's printout says it. */
  launches?(plan: Plan): number;

  /** Resolves when everything started so far is done. */
  synchronize(): Promise<void>;

  /** What is allocated now, and what was at most. */
  memory(): MemoryInfo;

  /**
   * (optional; unknown) Bytes that one more buffer may have: what is left of the device's memory, or the most that a buffer may have
   * where that is less. By default a data set goes to the device whole where it takes at most half of them.
   */
  availableBytes?(): number;

  /** Frees everything: buffers, executables, workers, device. Running steps reject with `DeviceError`. Twice is harmless. */
  dispose(): Promise<void>;
}
