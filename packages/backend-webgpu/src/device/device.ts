import { DeviceError, MemoryCount, WorkQueue } from "@convoy/core/backend";

/** What is freed with the backend. */
interface Disposable {
  dispose(): void;
}

/** What everything on a GPU device shares: the device itself, its health and the count of its memory. */
export class Device {
  readonly gpu: GPUDevice;
  readonly memory: MemoryCount = new MemoryCount();
  /** Everything that has not been disposed. */
  readonly owned: Set<Disposable> = new Set();
  /**
   * In debug mode: runs, reads and writes in the order of their calls, as a run then submits its dispatches one after the
   * other. Undefined otherwise: the GPU's queue keeps the order of what is submitted at once.
   */
  readonly order: WorkQueue | undefined;
  /** Whether plans are validated and dispatches run one by one. */
  readonly debug: boolean;
  #failure: DeviceError | undefined;

  constructor(gpu: GPUDevice, { debug = false }: { readonly debug?: boolean } = {}) {
    this.gpu = gpu;
    this.debug = debug;
    this.order = debug ? new WorkQueue() : undefined;
    void gpu.lost.then(({ reason, message }) => {
      const why = reason === "destroyed" ? "it was destroyed" : message || "the driver gave no reason";
      this.fail(
        new DeviceError(
          `webgpu: the device is lost: ${why}. Make another with webgpu() and go on from the last weights`,
        ),
      );
    });
  }

  /** Why nothing runs here any more; undefined while all is well. */
  get failure(): DeviceError | undefined {
    return this.#failure;
  }

  /** Ends all use of the device; the first reason stays. */
  fail(error: DeviceError): void {
    this.#failure ??= error;
    this.order?.close(error);
  }

  checkAlive(): void {
    if (this.#failure !== undefined) {
      // A fresh error each time: its stack shows the caller.
      throw new DeviceError(this.#failure.message, { cause: this.#failure });
    }
  }

  /**
   * Runs synchronous `work`; the promise resolves to the error that the device reports for it, undefined where there is
   * none. `what` opens the message.
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
