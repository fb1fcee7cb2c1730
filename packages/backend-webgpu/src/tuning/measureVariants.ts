import type { Device } from "../device/device.js";
import type { Pipelines } from "../run/pipelines.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import { ScratchOperands } from "./scratchTensors.js";

/** How long a sample of the fastest way lasts, about: many times what submitting and waiting cost. */
const sampleMs = 4;
const rounds = 3;
/** Launches of a sample, at most. */
const mostRepeats = 1024;
/** Ways that seem this many times as slow as the best are not measured further. */
const hopeless = 8;

/** A way that is ready to run. */
interface Candidate {
  readonly way: Dispatch;
  /** Runs a number of launches; resolves to the milliseconds until they were done. */
  sample(repeats: number): Promise<number>;
}

/**
 * Milliseconds that one launch of each way takes, on buffers of its own with numbers between -1 and 1: the least of three
 * samples, which are taken in turns. Left out are ways that do not compile, that compute something else than the first, or
 * that are many times as slow as another. Nothing is measured without enough memory. Throws `DeviceError` where the device
 * fails.
 */
export async function measureWays(
  ways: readonly Dispatch[],
  device: Device,
  pipelines: Pipelines,
): Promise<Map<Dispatch, number>> {
  const operands = new ScratchOperands(device, pipelines);
  const compiled = await Promise.allSettled(ways.map((way) => pipelines.pipeline(way)));
  try {
    const { value: candidates, error } = device.watch("webgpu: tuning", () => {
      const bound = ways.flatMap((way, index) => {
        const pipeline = compiled[index]!;
        return pipeline.status === "fulfilled" ? [candidate(way, pipeline.value, operands.bind(way), device)] : [];
      });
      operands.prepare();
      return bound;
    });
    if ((await error) !== undefined || candidates.length === 0) {
      return new Map();
    }
    operands.fillInputs();
    return await race(await agreeing(candidates, operands));
  } finally {
    operands.dispose();
  }
}

function candidate(way: Dispatch, pipeline: GPUComputePipeline, operands: GPUBindGroup, device: Device): Candidate {
  const { gpu } = device;
  return {
    way,
    async sample(repeats) {
      const encoder = gpu.createCommandEncoder({ label: "tuning" });
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, operands);
      for (let launch = 0; launch < repeats; launch++) {
        pass.dispatchWorkgroups(...way.workgroups);
      }
      pass.end();
      const commands = encoder.finish();
      const start = performance.now();
      gpu.queue.submit([commands]);
      await gpu.queue.onSubmittedWorkDone();
      const duration = performance.now() - start;
      // The promise is kept by a lost device, too.
      device.checkAlive();
      return duration;
    },
  };
}

/** The candidates that compute what the first one computes: a driver may get one kernel wrong and another right. */
async function agreeing(candidates: readonly Candidate[], operands: ScratchOperands): Promise<Candidate[]> {
  const right: Candidate[] = [];
  let expected: readonly Float32Array[] | undefined;
  for (const next of candidates) {
    operands.clearOutputs();
    await next.sample(1);
    const outputs = await operands.readOutputs();
    if (expected === undefined || outputs.every((output, index) => agrees(output, expected![index]!))) {
      right.push(next);
    }
    expected ??= outputs;
  }
  return right;
}

/** Whether all numbers are within a hundredth of the largest one: rounding to float16 costs a tenth of that. */
function agrees(actual: Float32Array, expected: Float32Array): boolean {
  const limit = 0.01 * expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return actual.every((value, index) => Math.abs(value - expected[index]!) <= limit);
}

async function race(candidates: readonly Candidate[]): Promise<Map<Dispatch, number>> {
  const once: { readonly next: Candidate; readonly duration: number }[] = [];
  for (const next of candidates) {
    once.push({ next, duration: await leastOfTwo(next, 1) });
  }
  once.sort((a, b) => a.duration - b.duration);
  const hopeful = once.filter(({ duration }) => duration <= hopeless * once[0]!.duration).map(({ next }) => next);
  // The same for all, so that what submitting and waiting cost counts alike.
  let repeats = 1;
  while (repeats < mostRepeats && (await leastOfTwo(hopeful[0]!, repeats)) < sampleMs / 2) {
    repeats *= 4;
  }
  const times = new Map<Dispatch, number>();
  for (let round = 0; round < rounds; round++) {
    for (const { way, sample } of hopeful) {
      times.set(way, Math.min((await sample(repeats)) / repeats, times.get(way) ?? Number.POSITIVE_INFINITY));
    }
  }
  return times;
}

/** A wait that is long by chance must not pass for a long run. */
async function leastOfTwo({ sample }: Candidate, repeats: number): Promise<number> {
  return Math.min(await sample(repeats), await sample(repeats));
}
