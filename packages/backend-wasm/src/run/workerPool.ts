import { DeviceError } from "@convoy/core/backend";
import { platform } from "#platform";
import type { WorkerHandle } from "../device/platform.js";
import type { Heap } from "../memory/heap.js";
import { controlBytes, poison, takeFault } from "./control.js";
import type { Job, Runner } from "./job.js";
import type { FromWorker, ToWorker } from "./messages.js";

/**
 * Worker threads on one shared memory. They are started once and run every job together; the thread that made them only
 * waits for their answers, so timers and events go on. Once a worker has failed the pool is of no more use: every later job
 * rejects with the same error.
 */
export class WorkerPool implements Runner {
  readonly threads: number;
  readonly #heap: Heap;
  readonly #control: number;
  readonly #workers: WorkerHandle[] = [];
  #failure: DeviceError | undefined;
  #disposed = false;
  /** Answers that are awaited, and who waits for them. */
  #awaited = 0;
  #complete = true;
  #settle: { resolve(): void; reject(error: DeviceError): void } | undefined;

  private constructor(heap: Heap, threads: number) {
    this.threads = threads;
    this.#heap = heap;
    this.#control = heap.allocate("control block", controlBytes(threads));
  }

  /** Starts the workers and waits until each has its instance of the module. */
  static async start(heap: Heap, module: WebAssembly.Module, threads: number): Promise<WorkerPool> {
    const pool = new WorkerPool(heap, threads);
    try {
      await pool.#ask(() => {
        for (let thread = 0; thread < threads; thread++) {
          pool.#spawn(thread);
          const { memory } = heap;
          pool.#post(thread, { kind: "start", module, memory, control: pool.#control, thread, threads });
        }
      });
    } catch (error) {
      await pool.dispose();
      throw error;
    }
    return pool;
  }

  get state(): Runner["state"] {
    if (this.#disposed) {
      return "disposed";
    }
    return this.#failure ? "failed" : "sound";
  }

  async run(job: Job): Promise<void> {
    await this.#ask(() => {
      for (let thread = 0; thread < this.threads; thread++) {
        this.#post(thread, { kind: "run", ...job });
      }
    });
  }

  async dispose(): Promise<void> {
    if (!this.#disposed) {
      this.#disposed = true;
      this.#fail(new DeviceError("wasm: the backend was disposed while a run was in progress"));
      await Promise.all(this.#workers.map((worker) => worker.terminate()));
    }
  }

  #spawn(thread: number): void {
    const name = `worker ${thread + 1} of ${this.threads}`;
    this.#workers.push(
      platform.spawnWorker({
        onMessage: (message) => this.#onMessage(name, message as FromWorker),
        onFailure: (reason) => this.#onFailure(name, reason),
      }),
    );
  }

  #post(thread: number, message: ToWorker): void {
    this.#workers[thread]!.post(message);
  }

  /** Sends something to every worker and waits for an answer from each. Meanwhile the process stays alive. */
  async #ask(send: () => void): Promise<void> {
    if (this.#failure) {
      throw this.#failure;
    }
    this.#awaited = this.threads;
    this.#complete = true;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#settle = { resolve, reject };
        send();
        this.#hold(true);
      });
    } finally {
      this.#settle = undefined;
      this.#hold(false);
    }
  }

  #hold(alive: boolean): void {
    for (const worker of this.#workers) {
      worker.hold(alive);
    }
  }

  #onMessage(name: string, message: FromWorker): void {
    if (message.kind === "failed") {
      this.#onFailure(name, message.reason);
      return;
    }
    this.#complete &&= message.kind === "ready" || message.complete;
    this.#awaited--;
    if (this.#awaited === 0) {
      const fault = this.#complete ? undefined : takeFault(this.#heap.memory, this.#control, this.threads);
      if (fault) {
        this.#settle?.reject(fault);
      } else {
        this.#settle?.resolve();
      }
    }
  }

  #onFailure(name: string, reason: string): void {
    if (!this.#disposed) {
      this.#fail(new DeviceError(`wasm: ${name} failed: ${reason}. Dispose this backend and make a new one`));
    }
  }

  #fail(error: DeviceError): void {
    this.#failure ??= error;
    poison(this.#heap.memory, this.#control);
    this.#settle?.reject(this.#failure);
  }
}
