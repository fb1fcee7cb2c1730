import type { PlanValue } from "@convoy/core/backend";
import { bufferUsage, mapModeRead } from "../constants.js";
import type { Device } from "../device.js";
import type { Dispatch } from "../dispatch.js";
import { bindingBytes } from "../shader.js";

const { storage, copySource, copyDestination, mapRead } = bufferUsage;
const blockLength = 2 ** 16;

/** A buffer and the tensor that it stands in for. */
interface Place {
  readonly buffer: GPUBuffer;
  readonly operand: PlanValue;
}

/**
 * Buffers that stand in for a plan's tensors, one for each place. Inputs hold numbers like those of a network: zeros would
 * flatter, and what memory happens to hold may be slow (denormals).
 */
export class ScratchOperands {
  readonly #device: Device;
  readonly #inputs = new Map<string, Place>();
  readonly #outputs = new Map<string, Place>();

  constructor(device: Device) {
    this.#device = device;
  }

  /** The operands of a dispatch; those of another way to compute the same are the same. Watch the call: memory may run out. */
  bind(dispatch: Dispatch): GPUBindGroup {
    const { gpu, pipelines } = this.#device;
    return gpu.createBindGroup({
      label: "tuning",
      layout: pipelines.layout(dispatch),
      entries: dispatch.bindings.map(({ operand, written }, binding) => {
        const [places, usage] = written ? [this.#outputs, storage | copySource] : [this.#inputs, storage];
        return { binding, resource: { buffer: this.#place(places, operand, usage | copyDestination) } };
      }),
    });
  }

  /** Gives the inputs their numbers. */
  fillInputs(): void {
    const { gpu } = this.#device;
    const numbers = Float32Array.from({ length: blockLength }, (_, index) => Math.sin(index * 12.9898));
    const block = this.#device.createBuffer("tuning", numbers.byteLength, copySource | copyDestination);
    gpu.queue.writeBuffer(block, 0, numbers);
    const encoder = gpu.createCommandEncoder({ label: "tuning" });
    for (const { buffer, operand } of this.#inputs.values()) {
      for (let offset = 0; operand.dtype === "float32" && offset < buffer.size; offset += block.size) {
        encoder.copyBufferToBuffer(block, 0, buffer, offset, Math.min(block.size, buffer.size - offset));
      }
    }
    gpu.queue.submit([encoder.finish()]);
    // What has been submitted is done first.
    this.#device.destroyBuffer(block);
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
    const numbers: Float32Array[] = [];
    for (const { buffer, operand } of this.#outputs.values()) {
      if (operand.dtype === "float32") {
        numbers.push(await this.#read(buffer));
      }
    }
    return numbers;
  }

  dispose(): void {
    for (const { buffer } of [...this.#inputs.values(), ...this.#outputs.values()]) {
      this.#device.destroyBuffer(buffer);
    }
  }

  #place(places: Map<string, Place>, operand: PlanValue, usage: number): GPUBuffer {
    const name = `${operand.buffer}+${operand.byteOffset}`;
    const buffer = places.get(name)?.buffer ?? this.#device.createBuffer("tuning", bindingBytes(operand), usage);
    places.set(name, { buffer, operand });
    return buffer;
  }

  async #read(buffer: GPUBuffer): Promise<Float32Array> {
    const { gpu } = this.#device;
    const staging = this.#device.createBuffer("tuning", buffer.size, mapRead | copyDestination);
    try {
      const encoder = gpu.createCommandEncoder({ label: "tuning" });
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
      gpu.queue.submit([encoder.finish()]);
      await staging.mapAsync(mapModeRead);
      return new Float32Array(staging.getMappedRange().slice(0));
    } finally {
      this.#device.destroyBuffer(staging);
    }
  }
}
