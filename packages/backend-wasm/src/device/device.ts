import { WorkQueue } from "@convoy/core/backend";
import type { Heap } from "../memory/heap.js";
import type { Runner } from "../run/job.js";

/** Numbers in front of a thread's scratch memory that stay zero. */
const zeroBytes = 64;

/** What buffers and executables of one backend share: memory, threads, the order of work, scratch memory. */
export class WasmDevice {
  readonly heap: Heap;
  readonly runner: Runner;
  readonly queue: WorkQueue = new WorkQueue();
  #scratchBlock = 0;
  #scratchBytes = 0;
  #scratchStride = 0;

  constructor(heap: Heap, runner: Runner) {
    this.heap = heap;
    this.runner = runner;
    this.reserveScratch(65536);
  }

  /** Where each thread's scratch memory is. */
  get scratch(): { readonly scratch: number; readonly scratchStride: number } {
    return { scratch: this.#scratchBlock + zeroBytes, scratchStride: this.#scratchStride };
  }

  /** Makes sure that every thread has this much. */
  reserveScratch(bytes: number): void {
    if (bytes <= this.#scratchBytes) {
      return;
    }
    // An odd number of cache lines apart, so that threads do not compete for the same sets of a shared cache.
    const stride = Math.ceil((zeroBytes + bytes) / 4096) * 4096 + 320;
    const block = this.heap.allocate("scratch memory of the threads", stride * this.runner.threads);
    const old = this.#scratchBlock;
    if (old !== 0) {
      this.queue.addOrDo(() => this.heap.release(old));
    }
    this.#scratchBlock = block;
    this.#scratchBytes = bytes;
    this.#scratchStride = stride;
  }
}
