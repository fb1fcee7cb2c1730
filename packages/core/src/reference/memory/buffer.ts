import {
  type BufferSpec,
  bytesOf,
  checkRead,
  checkWrite,
  type DeviceBuffer,
  type DType,
  disposedBuffer,
  type TensorData,
} from "../../backend/index.js";
import type { ReferenceDevice } from "../device/device.js";

/** Host memory that outlives a step. */
export class ReferenceBuffer implements DeviceBuffer {
  readonly label: string;
  readonly dtype: DType;
  readonly length: number;
  readonly #device: ReferenceDevice;
  /** Undefined once disposed. */
  #memory: ArrayBuffer | undefined;

  constructor(label: string, { dtype, length }: BufferSpec, device: ReferenceDevice) {
    this.label = label;
    this.dtype = dtype;
    this.length = length;
    this.#device = device;
    this.#memory = device.memory.allocate(label, bytesOf({ shape: [length], dtype }));
    device.owned.add(this);
  }

  /** The bytes themselves. Throws `DeviceError` after `dispose`. */
  get memory(): ArrayBuffer {
    if (this.#memory === undefined) {
      throw disposedBuffer("reference", this.label);
    }
    return this.#memory;
  }

  /** Whether it was made by the backend with this device. */
  isOn(device: ReferenceDevice): boolean {
    return this.#device === device;
  }

  write(data: TensorData, offset = 0): void {
    const elements = this.#elements();
    // Float64 storage takes what it gives, too.
    const given = elements instanceof Float64Array && data instanceof Float64Array ? Float32Array.from(data) : data;
    checkWrite("reference", this, given, offset);
    const { queue } = this.#device;
    const kept = queue.idle ? data : data.slice();
    queue.addOrDo(() => elements.set(kept, offset));
  }

  async read(offset = 0, length: number = this.length - offset): Promise<TensorData> {
    const elements = this.#elements();
    checkRead("reference", this, offset, length);
    return await this.#device.queue.add(() => elements.slice(offset, offset + length));
  }

  dispose(): void {
    if (this.#memory !== undefined) {
      this.#device.memory.release(this.#memory);
      this.#device.owned.delete(this);
      this.#memory = undefined;
    }
  }

  #elements(): TensorData {
    return this.#device.memory.view(this.memory, this.dtype, 0, this.length);
  }
}
