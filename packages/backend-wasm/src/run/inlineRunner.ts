import { DeviceError, stepBytes } from "@convoy/core/backend";
import type { Heap } from "../memory/heap.js";
import { controlBytes, takeFault } from "./control.js";
import type { Job, RunExport, Runner } from "./job.js";

/** How long a run keeps the thread before timers and events get their turn. */
const sliceMs = 30;

/** Runs programs on the calling thread, a few steps at a time: where memory cannot be shared. */
export class InlineRunner implements Runner {
  readonly threads = 1;
  readonly #heap: Heap;
  readonly #run: RunExport;
  readonly #control: number;
  #stopped: DeviceError | undefined;
  #disposed = false;

  constructor(heap: Heap, instance: WebAssembly.Instance) {
    this.#heap = heap;
    this.#run = instance.exports.run as RunExport;
    this.#control = heap.allocate("control block", controlBytes(1));
  }

  get state(): Runner["state"] {
    if (this.#disposed) {
      return "disposed";
    }
    return this.#stopped ? "failed" : "sound";
  }

  async run(job: Job): Promise<void> {
    const resultBytes = new Uint32Array(this.#heap.memory.buffer, job.program, 2)[1]! * 4;
    let sliceStart = performance.now();
    for (let step = 0; step < job.stepCount; step++) {
      if (performance.now() - sliceStart > sliceMs) {
        await new Promise((resolve) => setTimeout(resolve));
        sliceStart = performance.now();
      }
      if (this.#stopped) {
        throw this.#stopped;
      }
      const steps = job.steps + step * stepBytes;
      const results = job.results + step * resultBytes;
      if (this.#runStep(job, steps, results) !== 0) {
        throw takeFault(this.#heap.memory, this.#control, 1) ?? new DeviceError("wasm: the run ended without a reason");
      }
    }
  }

  #runStep({ scratch, program }: Job, steps: number, results: number): number {
    try {
      return this.#run(this.#control, 0, 1, scratch, program, steps, 1, results);
    } catch (cause) {
      // A trap: what the step had written is half done.
      const reason = (cause as Error).message;
      this.#stopped = new DeviceError(`wasm: a step failed: ${reason}. Dispose this backend and make a new one`, {
        cause,
      });
      throw this.#stopped;
    }
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#stopped = new DeviceError("wasm: the backend was disposed while a run was in progress");
  }
}
