import { DeviceError, type MemoryInfo } from "@convoy/core/backend";

/**
 * A piece of device memory.
 *
 * REPLACE: here it is host memory, so that the template runs anywhere. Yours holds a handle or an address.
 */
export interface DeviceMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * The device: its memory, copies to and from it, and the order of work. Nothing else in this package touches device memory,
 * kernels apart.
 *
 * REPLACE the four methods that say so; the counting and the order can stay if your device has no queue of its own.
 */
export class Device {
  readonly name = "host memory";
  #usedBytes = 0;
  #peakBytes = 0;
  #last: Promise<unknown> = Promise.resolve();
  #disposed = false;

  get memory(): MemoryInfo {
    return { usedBytes: this.#usedBytes, peakBytes: this.#peakBytes };
  }

  /** REPLACE. Memory full of zeros. Throws `DeviceError` when there is not enough. */
  allocate(label: string, bytes: number): DeviceMemory {
    this.checkAlive();
    try {
      const memory = { bytes: new Uint8Array(bytes) };
      this.#usedBytes += bytes;
      this.#peakBytes = Math.max(this.#peakBytes, this.#usedBytes);
      return memory;
    } catch (cause) {
      throw new DeviceError(`template: cannot allocate ${bytes} bytes for "${label}", ${this.#usedBytes} are in use`, {
        cause,
      });
    }
  }

  /** REPLACE. Gives memory back, if it has not gone with the device. */
  free({ bytes }: DeviceMemory): void {
    if (!this.#disposed) {
      this.#usedBytes -= bytes.byteLength;
    }
  }

  /** REPLACE. Copies host bytes to the device. */
  upload(memory: DeviceMemory, byteOffset: number, bytes: Uint8Array): void {
    memory.bytes.set(bytes, byteOffset);
  }

  /** REPLACE. Copies bytes of the device to a buffer of their own. */
  async download(memory: DeviceMemory, byteOffset: number, byteLength: number): Promise<ArrayBuffer> {
    return memory.bytes.buffer.slice(byteOffset, byteOffset + byteLength);
  }

  /** Starts `work` when everything that was handed in before is done, so that runs, reads and writes keep their order. */
  enqueue<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      this.checkAlive();
      return work();
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when everything that was handed in so far is done. */
  async idle(): Promise<void> {
    await this.#last;
  }

  /** Throws `DeviceError` once the device has been disposed. Long work asks in between. */
  checkAlive(): void {
    if (this.#disposed) {
      throw new DeviceError("template: the backend has been disposed; make another with template()");
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#usedBytes = 0;
  }
}
