import {
  type BufferSpec,
  checkRead,
  checkWrite,
  type DeviceBuffer,
  type DType,
  disposedBuffer,
  dtypeBytes,
  type TensorData,
  typedArrays,
} from "@convoy/core/backend";
import type { Device, DeviceMemory } from "../device/device.js";

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
      throw disposedBuffer("template", this.label);
    }
    return this.#memory;
  }

  /** Whether it was made by the backend with this device. */
  isOn(device: Device): boolean {
    return this.#device === device;
  }

  write(data: TensorData, offset = 0): void {
    const { memory } = this;
    checkWrite("template", this, data, offset);
    // A copy: the caller may change the data as soon as this returns, and the device may still be busy.
    const bytes = new Uint8Array(data.slice().buffer);
    this.#device.queue.addOrDo(() => this.#device.upload(memory, offset * dtypeBytes[this.dtype], bytes));
  }

  async read(offset = 0, length: number = this.length - offset): Promise<TensorData> {
    const { memory } = this;
    checkRead("template", this, offset, length);
    const size = dtypeBytes[this.dtype];
    const bytes = await this.#device.queue.add(() => this.#device.download(memory, offset * size, length * size));
    return new typedArrays[this.dtype](bytes);
  }

  dispose(): void {
    if (this.#memory !== undefined) {
      this.#device.free(this.#memory);
      this.#memory = undefined;
    }
  }
}
