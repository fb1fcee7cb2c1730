import { DeviceError } from "@convoy/core/backend";
import { MemoryCount } from "../memory/memoryCount.js";
import { Pipelines } from "../run/pipelines.js";
import { StepRows } from "../run/stepRows.js";
import type { Choices } from "../tuning/choices.js";
import { Tuner } from "../tuning/tuner.js";
import type { KernelTarget, Precision } from "../wgsl/kernel.js";
import type { KernelVariant } from "./adapter.js";

/** What is freed with the backend. */
interface Disposable {
  dispose(): void;
}

/** What a user chose of what the device offers. */
export interface KernelChoice {
  readonly variant: KernelVariant;
  readonly subgroups: boolean;
  readonly precision: Precision;
}

/** What buffers and executables share: the GPU device, its health, its memory count, its pipelines. */
export class Device implements KernelTarget {
  readonly gpu: GPUDevice;
  readonly variant: KernelVariant;
  readonly maxBindingBytes: number;
  readonly maxWorkgroupSize: number;
  readonly maxWorkgroupBytes: number;
  readonly subgroupSize?: { readonly smallest: number; readonly largest: number };
  readonly precision: Precision;
  readonly memory: MemoryCount = new MemoryCount();
  readonly pipelines: Pipelines;
  readonly steps: StepRows;
  /** Absent where the first way of every kernel is taken. */
  readonly tuner: Tuner | undefined;
  /** Everything that has not been disposed. */
  readonly owned: Set<Disposable> = new Set();
  #failure: DeviceError | undefined;

  /** Of `choice` only what the device has been made with is taken. `tuned` is what tuning remembers, where it is wanted. */
  constructor(gpu: GPUDevice, choice: KernelChoice, tuned?: Choices) {
    this.gpu = gpu;
    this.variant = choice.variant;
    const { limits, features, adapterInfo } = gpu;
    this.maxBindingBytes = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
    this.maxWorkgroupSize = Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX);
    this.maxWorkgroupBytes = limits.maxComputeWorkgroupStorageSize;
    if (choice.subgroups && features.has("subgroups")) {
      this.subgroupSize = { smallest: adapterInfo.subgroupMinSize, largest: adapterInfo.subgroupMaxSize };
    }
    // Register kernels are float32.
    const half = choice.variant === "tiled" && features.has("shader-f16");
    this.precision = half ? choice.precision : "float32";
    this.pipelines = new Pipelines(gpu);
    this.steps = new StepRows(this);
    this.tuner = tuned && new Tuner(this, tuned);
    void gpu.lost.then(({ reason, message }) => {
      const why = reason === "destroyed" ? "it was destroyed" : message || "the driver gave no reason";
      this.fail(
        new DeviceError(
          `webgpu: the device is lost: ${why}. Make another with webgpu() and go on from the last weights`,
        ),
      );
    });
  }

  get tunes(): boolean {
    return this.tuner !== undefined;
  }

  /** Why nothing runs here any more; undefined while all is well. */
  get failure(): DeviceError | undefined {
    return this.#failure;
  }

  /** Ends all use of the device; the first reason stays. */
  fail(error: DeviceError): void {
    this.#failure ??= error;
  }

  checkAlive(): void {
    if (this.#failure !== undefined) {
      // A fresh error each time: its stack shows the caller.
      throw new DeviceError(this.#failure.message, { cause: this.#failure });
    }
  }

  /**
   * Runs synchronous `work`; the promise resolves to what the device had to say against it, undefined where nothing.
   * `what` opens the message.
   */
  watch<T>(what: string, work: () => T): { readonly value: T; readonly error: Promise<DeviceError | undefined> } {
    const filters = ["validation", "out-of-memory", "internal"] as const;
    for (const filter of filters) {
      this.gpu.pushErrorScope(filter);
    }
    let value: T;
    let popped: Promise<(GPUError | null)[]>;
    try {
      value = work();
    } finally {
      // In the reverse order of pushing; a lost device rejects, which `lost` reports.
      popped = Promise.all(filters.map(() => this.gpu.popErrorScope().catch(() => null)));
    }
    const error = popped.then(([internal, outOfMemory, validation]) => {
      if (outOfMemory) {
        return new DeviceError(`${what}: the device is out of memory; use a smaller batch, model or data set`);
      }
      const other = validation ?? internal;
      return other ? new DeviceError(`${what}: ${other.message}`) : undefined;
    });
    return { value, error };
  }

  /** What `cause` means to a caller: the loss of the device where that is behind it. */
  async explain(what: string, cause: unknown): Promise<DeviceError> {
    // The loss may be reported a little after the promises that it rejects.
    await Promise.race([this.gpu.lost, new Promise((resolve) => setTimeout(resolve, 20))]);
    await Promise.resolve();
    if (this.#failure !== undefined) {
      return new DeviceError(`${what}: ${this.#failure.message}`, { cause });
    }
    return cause instanceof DeviceError ? cause : new DeviceError(`${what}: ${(cause as Error).message}`, { cause });
  }

  /** A buffer that is counted. Its memory may turn out missing later: watch the call. */
  createBuffer(label: string, sizeBytes: number, usage: number): GPUBuffer {
    const buffer = this.gpu.createBuffer({ label, size: sizeBytes, usage });
    this.memory.add(sizeBytes);
    return buffer;
  }

  /** Frees what `createBuffer` made; once for each. */
  destroyBuffer(buffer: GPUBuffer): void {
    this.memory.remove(buffer.size);
    buffer.destroy();
  }
}
