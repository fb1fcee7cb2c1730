import { stepBytes } from "@convoy/core/backend";
import { programWords } from "../program/encode.js";
import { launch } from "../program/launch.js";
import type { PeakMeasurement } from "../wasmBackend.js";
import type { WasmDevice } from "./device.js";

/** Operations of one repetition of the kernel `peak`: 2 * 8 * 8 * 256. */
const flopsOfRepetition = 32768;
/** About a millisecond of work. */
const repetitions = 1400;
/** Tasks of each thread: 20 ms, beside which waking it does not count, in parts that another one can take over. */
const tasksOfThread = 16;

/** GFLOP/s of all threads together in the register tile. */
export async function measurePeak(
  { heap, runner, queue, scratch }: WasmDevice,
  attempts: number,
): Promise<PeakMeasurement> {
  const tasks = runner.threads * tasksOfThread;
  const words = programWords([[launch("peak", tasks, { repetitions })]], 0);
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
  const figures: number[] = [];
  try {
    // The first one compiles and wakes.
    for (let attempt = 0; attempt <= Math.max(1, attempts); attempt++) {
      const ms = await queue.add(async () => {
        const start = performance.now();
        await once();
        return performance.now() - start;
      });
      figures.push((flopsOfRepetition * repetitions * tasks) / ms / 1e6);
    }
  } finally {
    const release = () => {
      heap.release(program);
      heap.release(steps);
    };
    queue.addOrDo(release);
  }
  const sorted = figures.slice(1).sort((a, b) => b - a);
  return { best: sorted[0]!, median: sorted[sorted.length >> 1]!, worst: sorted[sorted.length - 1]! };
}
