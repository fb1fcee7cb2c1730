import { stepBytes } from "@convoy/core/backend";
import { programWords } from "../program/encode.js";
import { launch } from "../program/launch.js";
import type { WasmDevice } from "./device.js";

/** Operations of one repetition of the kernel `peak`: 2 * 6 * 8 * 256. */
const flopsOfRepetition = 24576;
/** About 2 ms of work for each thread. */
const repetitions = 2000;

/** GFLOP/s of all threads together in the register tile, the best of some attempts. */
export async function measurePeak({ heap, runner, queue, scratch }: WasmDevice, attempts: number): Promise<number> {
  const words = programWords([[launch("peak", runner.threads, { repetitions })]], 0);
  const program = heap.allocate("peak measurement", words.byteLength);
  const steps = heap.allocate("peak measurement", stepBytes);
  new Uint32Array(heap.memory.buffer, program, words.length).set(words);
  const once = () =>
    runner.run({
      program,
      steps,
      stepCount: 1,
      stepMicroseconds: Number.POSITIVE_INFINITY,
      results: steps,
      ...scratch,
    });
  let bestMs = Number.POSITIVE_INFINITY;
  try {
    for (let attempt = 0; attempt <= attempts; attempt++) {
      const ms = await queue.add(async () => {
        const start = performance.now();
        await once();
        return performance.now() - start;
      });
      bestMs = Math.min(bestMs, ms);
    }
  } finally {
    const release = () => {
      heap.release(program);
      heap.release(steps);
    };
    queue.addOrDo(release);
  }
  return (flopsOfRepetition * repetitions * runner.threads) / bestMs / 1e6;
}
