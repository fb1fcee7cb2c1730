import type { Heap } from "../memory/heap.js";
import { InlineRunner } from "./inlineRunner.js";
import type { Runner } from "./job.js";
import { MixedRunner } from "./mixedRunner.js";
import { WorkerPool } from "./workerPool.js";

/**
 * A pool of so many workers; undefined is the calling thread, where memory cannot be shared. With `shortRunsInline` short jobs run
 * on the calling thread in any case.
 */
export async function startRunner(
  heap: Heap,
  module: WebAssembly.Module,
  workers: number | undefined,
  shortRunsInline: boolean,
): Promise<Runner> {
  const inline = async (): Promise<InlineRunner> =>
    new InlineRunner(heap, await WebAssembly.instantiate(module, { env: { memory: heap.memory } }));
  if (workers === undefined) {
    return await inline();
  }
  const short = shortRunsInline ? await inline() : undefined;
  const pool = await WorkerPool.start(heap, module, workers);
  return short === undefined ? pool : new MixedRunner(pool, short);
}
