import type { PlanValue } from "@convoy/core/backend";
import { bufferUsage } from "../constants.js";
import type { Device } from "../device.js";
import type { Binding, Dispatch } from "../dispatch.js";
import { bindingBytes } from "../shader.js";

/** How long one sample of a way lasts, about: many times what submitting and waiting cost. */
const sampleMs = 4;
const rounds = 3;
/** Launches of a sample, at most. */
const mostRepeats = 256;

/**
 * Milliseconds that one launch of each way takes, on buffers of its own with numbers between -1 and 1: the least of three
 * samples, which are taken in turns. Ways that do not compile are left out; nothing is measured without enough memory.
 */
export async function measureWays(ways: readonly Dispatch[], device: Device): Promise<Map<Dispatch, number>> {
  const compiled = await compileWays(ways, device);
  const operands = new ScratchOperands(device);
  try {
    const { value: samplers, error } = device.watch("webgpu: tuning", () =>
      compiled.map(({ way, pipeline }) => ({ way, sample: sampler(way, pipeline, operands.bind(way), device) })),
    );
    if ((await error) !== undefined) {
      return new Map();
    }
    const times = new Map<Dispatch, number>();
    const repeats = new Map<Dispatch, number>();
    for (const { way, sample } of samplers) {
      // Drivers may compile at the first launch.
      await sample(1);
      repeats.set(way, await repeatsOf(sample));
    }
    for (let round = 0; round < rounds; round++) {
      for (const { way, sample } of samplers) {
        const count = repeats.get(way)!;
        times.set(way, Math.min((await sample(count)) / count, times.get(way) ?? Number.POSITIVE_INFINITY));
      }
    }
    return times;
  } finally {
    operands.dispose();
  }
}

interface CompiledWay {
  readonly way: Dispatch;
  readonly pipeline: GPUComputePipeline;
}

async function compileWays(ways: readonly Dispatch[], device: Device): Promise<CompiledWay[]> {
  const compiling = ways.map(async (way) => {
    try {
      return { way, pipeline: await device.pipelines.pipeline(way) };
    } catch {
      return undefined;
    }
  });
  return (await Promise.all(compiling)).filter((compiled) => compiled !== undefined);
}

/** Runs a number of launches; resolves to the milliseconds until they were done. */
type Sampler = (repeats: number) => Promise<number>;

function sampler(
  { workgroups }: Dispatch,
  pipeline: GPUComputePipeline,
  operands: GPUBindGroup,
  device: Device,
): Sampler {
  const { gpu } = device;
  return async (repeats) => {
    const encoder = gpu.createCommandEncoder({ label: "tuning" });
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, operands);
    for (let launch = 0; launch < repeats; launch++) {
      pass.dispatchWorkgroups(...workgroups);
    }
    pass.end();
    const commands = encoder.finish();
    const start = performance.now();
    gpu.queue.submit([commands]);
    await gpu.queue.onSubmittedWorkDone();
    return performance.now() - start;
  };
}

/** How many launches make a sample that is long enough. */
async function repeatsOf(sample: Sampler): Promise<number> {
  let repeats = 1;
  while (repeats < mostRepeats && (await sample(repeats)) < sampleMs / 2) {
    repeats *= 4;
  }
  return repeats;
}

/** Buffers that stand in for a plan's tensors, one for each place. */
class ScratchOperands {
  readonly #device: Device;
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(device: Device) {
    this.#device = device;
  }

  bind(dispatch: Dispatch): GPUBindGroup {
    return this.#device.gpu.createBindGroup({
      label: "tuning",
      layout: this.#device.pipelines.layout(dispatch),
      entries: dispatch.bindings.map((binding, index) => ({
        binding: index,
        resource: { buffer: this.#bufferOf(binding) },
      })),
    });
  }

  dispose(): void {
    for (const buffer of this.#buffers.values()) {
      this.#device.destroyBuffer(buffer);
    }
  }

  #bufferOf({ operand }: Binding): GPUBuffer {
    const place = `${operand.buffer}+${operand.byteOffset}`;
    let buffer = this.#buffers.get(place);
    if (buffer === undefined) {
      const { storage, copyDestination } = bufferUsage;
      buffer = this.#device.createBuffer("tuning", bindingBytes(operand), storage | copyDestination);
      this.#buffers.set(place, buffer);
      fill(buffer, operand, this.#device.gpu.queue);
    }
    return buffer;
  }
}

/** Numbers like those of a network: zeros would flatter, and what memory happens to hold may be slow (denormals). */
function fill(buffer: GPUBuffer, { dtype }: PlanValue, queue: GPUQueue): void {
  if (dtype !== "float32") {
    return;
  }
  const block = Float32Array.from({ length: 2 ** 16 }, (_, index) => Math.fround(Math.sin(index * 12.9898)));
  for (let offset = 0; offset < buffer.size; offset += block.byteLength) {
    queue.writeBuffer(buffer, offset, block, 0, Math.min(block.length, (buffer.size - offset) / 4));
  }
}
