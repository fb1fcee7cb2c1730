import {
  type BufferSpec,
  bytesOf,
  checkRead,
  checkWrite,
  type DeviceBuffer,
  type DType,
  disposedBuffer,
  dtypeBytes,
  type TensorData,
  typedArrays,
} from "@convoy/core/backend";
import type { CudaDevice } from "../device/device.js";

/** Device memory that outlives a step. */
export class CudaBuffer implements DeviceBuffer {
  readonly label: string;
  readonly dtype: DType;
  readonly length: number;
  readonly device: CudaDevice;
  /** Undefined once disposed. */
  #address: number | undefined;

  constructor(label: string, { dtype, length }: BufferSpec, device: CudaDevice) {
    this.label = label;
    this.dtype = dtype;
    this.length = length;
    this.device = device;
    this.#address = device.allocate(label, bytesOf({ shape: [length], dtype }));
  }

  /** Where it lies on the device. Throws `DeviceError` after `dispose`. */
  get address(): number {
    if (this.#address === undefined) {
      throw disposedBuffer("cuda", this.label);
    }
    return this.#address;
  }

  write(data: TensorData, offset = 0): void {
    checkWrite("cuda", this, data, offset);
    if (data.length > 0) {
      const to = this.address + offset * dtypeBytes[this.dtype];
      // From memory that is not pinned the driver copies to a place of its own before this returns.
      this.device.call(
        `writing to "${this.label}"`,
        "cuMemcpyHtoDAsync_v2",
        to,
        data,
        data.byteLength,
        this.device.stream,
      );
    }
  }

  async read(offset = 0, length: number = this.length - offset): Promise<TensorData> {
    checkRead("cuda", this, offset, length);
    const TypedArray = typedArrays[this.dtype];
    if (length === 0) {
      return new TypedArray(0);
    }
    const size = dtypeBytes[this.dtype];
    const from = this.address + offset * size;
    const { device } = this;
    const block = device.pin(length * size);
    device.call(`reading "${this.label}"`, "cuMemcpyDtoHAsync_v2", block.address, from, length * size, device.stream);
    await device.finished();
    const data = new TypedArray(block.memory, 0, length).slice();
    device.unpin(block);
    return data;
  }

  dispose(): void {
    if (this.#address !== undefined) {
      this.device.release(this.#address);
      this.#address = undefined;
    }
  }
}
