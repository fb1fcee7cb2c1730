import { DeviceError, MemoryCount, WorkQueue } from "@convoy/core/backend";

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
 * REPLACE the four methods that say so; the queue goes if your device has one of its own.
 */
export class Device {
  readonly name = "host memory";
  readonly count: MemoryCount = new MemoryCount();
  /** Runs, reads and writes in their order. */
  readonly queue: WorkQueue = new WorkQueue();
  #disposed = false;

  /** REPLACE. Memory full of zeros. Throws `DeviceError` when there is not enough. */
  allocate(label: string, bytes: number): DeviceMemory {
    this.checkAlive();
    try {
      const memory = { bytes: new Uint8Array(bytes) };
      this.count.add(bytes);
      return memory;
    } catch (cause) {
      throw new DeviceError(
        `template: cannot allocate ${bytes} bytes for "${label}", ${this.count.usedBytes} are in use`,
        { cause },
      );
    }
  }

  /** REPLACE. Gives memory back, if it has not gone with the device. */
  free({ bytes }: DeviceMemory): void {
    if (!this.#disposed) {
      this.count.remove(bytes.byteLength);
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

  /** Throws `DeviceError` once the device has been disposed. Long work asks in between. */
  checkAlive(): void {
    if (this.#disposed) {
      throw disposed();
    }
  }

  dispose(): void {
    if (!this.#disposed) {
      this.#disposed = true;
      this.queue.close(disposed());
      this.count.remove(this.count.usedBytes);
    }
  }
}

function disposed(): DeviceError {
  return new DeviceError("template: the backend has been disposed; make another with template()");
}
