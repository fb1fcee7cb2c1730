import type { Device } from "../device/device.js";
import { bufferUsage, mapModeRead } from "../device/flags.js";

/** The host-readable buffers of one executable: one for each run under way, used again by later ones. */
export class Readbacks {
  readonly #device: Device;
  readonly #all = new Set<GPUBuffer>();
  #free: GPUBuffer[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  /** A buffer of at least `sizeBytes` that no run uses. */
  take(sizeBytes: number): GPUBuffer {
    const fitting = this.#free.findIndex(({ size }) => size >= sizeBytes);
    if (fitting >= 0) {
      return this.#free.splice(fitting, 1)[0]!;
    }
    // The free ones are too small for the current runs.
    for (const buffer of this.#free) {
      this.#destroy(buffer);
    }
    this.#free = [];
    const { mapRead, copyDestination } = bufferUsage;
    const size = 2 ** Math.ceil(Math.log2(Math.max(256, sizeBytes)));
    const buffer = this.#device.createBuffer("results", size, mapRead | copyDestination);
    this.#all.add(buffer);
    return buffer;
  }

  /** The first `count` numbers of `buffer` once the work that writes it is done; the buffer is free afterwards. */
  async read(buffer: GPUBuffer, count: number): Promise<Float32Array> {
    try {
      await buffer.mapAsync(mapModeRead, 0, count * 4);
      const numbers = new Float32Array(buffer.getMappedRange(0, count * 4).slice(0));
      buffer.unmap();
      this.#free.push(buffer);
      return numbers;
    } catch (cause) {
      this.#destroy(buffer);
      throw cause;
    }
  }

  dispose(): void {
    for (const buffer of this.#all) {
      this.#destroy(buffer);
    }
    this.#free = [];
  }

  #destroy(buffer: GPUBuffer): void {
    if (this.#all.delete(buffer)) {
      this.#device.destroyBuffer(buffer);
    }
  }
}
