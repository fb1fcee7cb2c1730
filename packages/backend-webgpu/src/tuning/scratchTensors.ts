import type { PlanValue } from "@convoy/core/backend";
import type { Device } from "../device/device.js";
import { bufferUsage, mapModeRead } from "../device/flags.js";
import type { Pipelines } from "../run/pipelines.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import { bindingBytes } from "../wgsl/shader.js";

const { storage, copySource, copyDestination, mapRead } = bufferUsage;
const blockLength = 2 ** 16;

/** A buffer and the tensor that it stands in for. */
interface Place {
  readonly buffer: GPUBuffer;
  readonly tensor: PlanValue;
}

/**
 * Buffers that stand in for a plan's tensors, one for each place. Inputs hold numbers like those of a network: zeros would
 * flatter, and what memory happens to hold may be slow (denormals).
 */
export class ScratchTensors {
  readonly #device: Device;
  readonly #pipelines: Pipelines;
  readonly #inputs = new Map<string, Place>();
  readonly #outputs = new Map<string, Place>();
  /** Where the inputs' numbers come from, and where the outputs can be read. */
  #numbers: GPUBuffer | undefined;
  readonly #readable = new Map<GPUBuffer, GPUBuffer>();

  constructor(device: Device, pipelines: Pipelines) {
    this.#device = device;
    this.#pipelines = pipelines;
  }

  /** Binds a dispatch; all variants of a dispatch share their tensors. Watch the call: memory may run out. */
  bind(dispatch: Dispatch): GPUBindGroup {
    return this.#device.gpu.createBindGroup({
      label: "tuning",
      layout: this.#pipelines.layout(dispatch),
      entries: dispatch.bindings.map(({ tensor, written }, binding) => {
        const [places, usage] = written ? [this.#outputs, storage | copySource] : [this.#inputs, storage];
        return { binding, resource: { buffer: this.#place(places, tensor, usage | copyDestination) } };
      }),
    });
  }

  /** Allocates what filling and reading take. Watch the call: memory may run out. */
  prepare(): void {
    this.#numbers = this.#device.createBuffer("tuning", blockLength * 4, copySource | copyDestination);
    for (const { buffer, tensor } of this.#outputs.values()) {
      if (tensor.dtype === "float32") {
        this.#readable.set(buffer, this.#device.createBuffer("tuning", buffer.size, mapRead | copyDestination));
      }
    }
  }

  /** Gives the inputs their numbers. */
  fillInputs(): void {
    const { gpu } = this.#device;
    const block = this.#numbers!;
    gpu.queue.writeBuffer(block, 0, numbersLikeNoise(blockLength));
    const encoder = gpu.createCommandEncoder({ label: "tuning" });
    for (const { buffer, tensor } of this.#inputs.values()) {
      for (let offset = 0; tensor.dtype === "float32" && offset < buffer.size; offset += block.size) {
        encoder.copyBufferToBuffer(block, 0, buffer, offset, Math.min(block.size, buffer.size - offset));
      }
    }
    gpu.queue.submit([encoder.finish()]);
  }

  clearOutputs(): void {
    const encoder = this.#device.gpu.createCommandEncoder({ label: "tuning" });
    for (const { buffer } of this.#outputs.values()) {
      encoder.clearBuffer(buffer);
    }
    this.#device.gpu.queue.submit([encoder.finish()]);
  }

  /** The outputs that are float32. */
  async readOutputs(): Promise<Float32Array[]> {
    const { queue } = this.#device.gpu;
    const encoder = this.#device.gpu.createCommandEncoder({ label: "tuning" });
    for (const [buffer, staging] of this.#readable) {
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
    }
    queue.submit([encoder.finish()]);
    const reading = [...this.#readable.values()].map(async (staging) => {
      await staging.mapAsync(mapModeRead);
      const numbers = new Float32Array(staging.getMappedRange().slice(0));
      staging.unmap();
      return numbers;
    });
    return await Promise.all(reading);
  }

  dispose(): void {
    const tensors = [...this.#inputs.values(), ...this.#outputs.values()].map(({ buffer }) => buffer);
    for (const buffer of [...tensors, ...this.#readable.values(), ...(this.#numbers ? [this.#numbers] : [])]) {
      this.#device.destroyBuffer(buffer);
    }
  }

  #place(places: Map<string, Place>, tensor: PlanValue, usage: number): GPUBuffer {
    const name = `${tensor.buffer}+${tensor.byteOffset}`;
    const buffer = places.get(name)?.buffer ?? this.#device.createBuffer("tuning", bindingBytes(tensor), usage);
    places.set(name, { buffer, tensor });
    return buffer;
  }
}

/**
 * Numbers between -1 and 1 without a pattern, by a linear congruential generator (Numerical Recipes, 1992): with one, sums of
 * products would cancel out, and rounding be all that is left of them.
 */
function numbersLikeNoise(length: number): Float32Array<ArrayBuffer> {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
