import {
  ArgumentError,
  type BufferSpec,
  type DeviceBuffer,
  DeviceError,
  type DType,
  dtypeBytes,
  type TensorData,
  typedArrays,
} from "@convoy/core/backend";
import type { Device, DeviceMemory } from "./device.js";

/** Device memory that outlives a step. What it asks of the device are `allocate`, `upload`, `download` and `free`. */
export class TemplateBuffer implements DeviceBuffer {
  readonly label: string;
  readonly dtype: DType;
  readonly length: number;
  readonly #device: Device;
  #memory: DeviceMemory | undefined;

  constructor(label: string, { dtype, length }: BufferSpec, device: Device) {
    this.label = label;
    this.dtype = dtype;
    this.length = length;
    this.#device = device;
    this.#memory = device.allocate(label, length * dtypeBytes[dtype]);
  }

  /** Throws `DeviceError` after `dispose`. */
  get memory(): DeviceMemory {
    if (this.#memory === undefined) {
      throw new DeviceError(`template: buffer "${this.label}" has been disposed`);
    }
    return this.#memory;
  }

  write(data: TensorData, offset = 0): void {
    this.#check("write", offset, data.length);
    const TypedArray = typedArrays[this.dtype];
    if (!(data instanceof TypedArray)) {
      throw new ArgumentError(
        `template: buffer "${this.label}" takes ${TypedArray.name}, got ${data.constructor.name}`,
      );
    }
    const { memory } = this;
    // A copy: the caller may change the data as soon as this returns, and the device may still be busy.
    const bytes = new Uint8Array(data.slice().buffer);
    // That a disposed device no longer takes data is told by the next run or read.
    this.#device
      .enqueue(() => this.#device.upload(memory, offset * dtypeBytes[this.dtype], bytes))
      .catch(() => undefined);
  }

  async read(offset = 0, length: number = this.length - offset): Promise<TensorData> {
    this.#check("read", offset, length);
    const { memory } = this;
    const size = dtypeBytes[this.dtype];
    const bytes = await this.#device.enqueue(() => this.#device.download(memory, offset * size, length * size));
    return new typedArrays[this.dtype](bytes);
  }

  dispose(): void {
    if (this.#memory !== undefined) {
      this.#device.free(this.#memory);
      this.#memory = undefined;
    }
  }

  #check(action: string, offset: number, length: number): void {
    if (offset < 0 || length < 0 || offset + length > this.length) {
      throw new ArgumentError(
        `template: cannot ${action} ${length} elements at ${offset} of buffer "${this.label}", which has ${this.length}`,
      );
    }
  }
}
