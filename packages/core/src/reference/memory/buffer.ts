import {
  ArgumentError,
  type BufferSpec,
  bytesOf,
  type DeviceBuffer,
  DeviceError,
  type DType,
  type TensorData,
} from "../backend/index.js";
import type { ReferenceDevice } from "./device.js";

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
      throw new DeviceError(`reference: buffer "${this.label}" has been disposed`);
    }
    return this.#memory;
  }

  /** Whether it was made by the backend with this device. */
  isOn(device: ReferenceDevice): boolean {
    return this.#device === device;
  }

  write(data: TensorData, offset = 0): void {
    const elements = this.#elements();
    this.#checkRange("write", offset, data.length);
    // Float64 storage takes float32 data as well: it loses nothing.
    if (
      data.constructor !== elements.constructor &&
      !(elements instanceof Float64Array && data instanceof Float32Array)
    ) {
      throw new ArgumentError(
        `reference: buffer "${this.label}" holds ${elements.constructor.name}, got ${data.constructor.name}`,
      );
    }
    if (this.#device.queue.idle) {
      elements.set(data, offset);
    } else {
      const copy = data.slice();
      void this.#device.queue.add(() => elements.set(copy, offset));
    }
  }

  async read(offset = 0, length: number = this.length - offset): Promise<TensorData> {
    const elements = this.#elements();
    this.#checkRange("read", offset, length);
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

  #checkRange(action: string, offset: number, length: number): void {
    if (offset < 0 || length < 0 || offset + length > this.length) {
      throw new ArgumentError(
        `reference: cannot ${action} ${length} elements at ${offset} of buffer "${this.label}", which has ${this.length}`,
      );
    }
  }
}
