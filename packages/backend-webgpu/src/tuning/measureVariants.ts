import type { Device } from "../device/device.js";
import type { Pipelines } from "../run/pipelines.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import { ScratchTensors } from "./scratchTensors.js";

/** How long a sample of the fastest variant lasts, about: many times what submitting and waiting cost. */
const sampleMs = 4;
const rounds = 3;
/** Launches of a sample, at most. */
const maxRepeats = 1024;
/** Variants that seem this many times as slow as the best are not measured further. */
const maxSlowdown = 8;

/** A variant that is ready to run. */
interface Candidate {
  readonly variant: Dispatch;
  /** Runs a number of launches; resolves to the milliseconds until they were done. */
  sample(repeats: number): Promise<number>;
}

/**
 * Milliseconds that one launch of each variant takes, on buffers of its own with numbers between -1 and 1: the minimum of three
 * samples, which are taken in turns. Left out are variants that do not compile, that compute something else than the first, or
 * that are many times as slow as another. Nothing is measured without enough memory. Throws `DeviceError` where the device
 * fails.
 */
export async function measureVariants(
  variants: readonly Dispatch[],
  device: Device,
  pipelines: Pipelines,
): Promise<Map<Dispatch, number>> {
  const tensors = new ScratchTensors(device, pipelines);
  const compiled = await Promise.allSettled(variants.map((variant) => pipelines.pipeline(variant)));
  try {
    const { value: candidates, error } = device.watch("webgpu: tuning", () => {
      const bound = variants.flatMap((variant, index) => {
        const pipeline = compiled[index]!;
        return pipeline.status === "fulfilled"
          ? [candidate(variant, pipeline.value, tensors.bind(variant), device)]
          : [];
      });
      tensors.prepare();
      return bound;
    });
    if ((await error) !== undefined || candidates.length === 0) {
      return new Map();
    }
    tensors.fillInputs();
    return await race(await agreeing(candidates, tensors));
  } finally {
    tensors.dispose();
  }
}

function candidate(variant: Dispatch, pipeline: GPUComputePipeline, tensors: GPUBindGroup, device: Device): Candidate {
  const { gpu } = device;
  return {
    variant,
    async sample(repeats) {
      const encoder = gpu.createCommandEncoder({ label: "tuning" });
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, tensors);
      for (let launch = 0; launch < repeats; launch++) {
        pass.dispatchWorkgroups(...variant.workgroups);
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
async function agreeing(candidates: readonly Candidate[], tensors: ScratchTensors): Promise<Candidate[]> {
  const right: Candidate[] = [];
  let expected: readonly Float32Array[] | undefined;
  for (const next of candidates) {
    tensors.clearOutputs();
    await next.sample(1);
    const outputs = await tensors.readOutputs();
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
    once.push({ next, duration: await minOfTwo(next, 1) });
  }
  once.sort((a, b) => a.duration - b.duration);
  const promising = once.filter(({ duration }) => duration <= maxSlowdown * once[0]!.duration).map(({ next }) => next);
  // The same for all, so that what submitting and waiting cost counts alike.
  let repeats = 1;
  while (repeats < maxRepeats && (await minOfTwo(promising[0]!, repeats)) < sampleMs / 2) {
    repeats *= 4;
  }
  const times = new Map<Dispatch, number>();
  for (let round = 0; round < rounds; round++) {
    for (const { variant, sample } of promising) {
      times.set(variant, Math.min((await sample(repeats)) / repeats, times.get(variant) ?? Number.POSITIVE_INFINITY));
    }
  }
  return times;
}

/** A wait that is long by chance must not pass for a long run. */
async function minOfTwo({ sample }: Candidate, repeats: number): Promise<number> {
  return Math.min(await sample(repeats), await sample(repeats));
}
