import type { Heap } from "../memory/heap.js";
import { InlineRunner } from "./inlineRunner.js";
import type { Runner } from "./job.js";
import { WorkerPool } from "./workerPool.js";

/** A pool of so many workers; undefined is the calling thread, where memory cannot be shared. */
export async function startRunner(
  heap: Heap,
  module: WebAssembly.Module,
  workers: number | undefined,
): Promise<Runner> {
  return workers === undefined
    ? new InlineRunner(heap, await WebAssembly.instantiate(module, { env: { memory: heap.memory } }))
    : await WorkerPool.start(heap, module, workers);
}
