import {
  type BufferSpec,
  checkRead,
  checkWrite,
  type DeviceBuffer,
  DeviceError,
  type DType,
  disposedBuffer,
  dtypeBytes,
  type TensorData,
  typedArrays,
} from "@convoy/core/backend";
import type { Device } from "../device/device.js";
import { bufferUsage, mapModeRead } from "../device/flags.js";
import { writeBytes } from "./writeBytes.js";

/** Memory on the GPU that outlives a step. Its size is whole words, as copies are. */
export class WebGpuBuffer implements DeviceBuffer {
  readonly label: string;
  readonly dtype: DType;
  readonly length: number;
  /** Resolves to the error of the allocation; undefined where it has succeeded. */
  readonly allocation: Promise<DeviceError | undefined>;
  readonly #device: Device;
  /** Undefined once disposed. */
  #memory: GPUBuffer | undefined;

  constructor(label: string, { dtype, length }: BufferSpec, device: Device) {
    device.checkAlive();
    const sizeBytes = Math.max(4, Math.ceil((length * dtypeBytes[dtype]) / 4) * 4);
    const what = `webgpu: cannot allocate ${sizeBytes} bytes for "${label}"`;
    const { maxBufferSize } = device.gpu.limits;
    if (sizeBytes > maxBufferSize) {
      throw new DeviceError(
        `${what}: this adapter's buffers have at most ${maxBufferSize} bytes (maxBufferSize); ` +
          "use a smaller batch, model or data set",
      );
    }
    const { storage, copySource, copyDestination } = bufferUsage;
    const { value, error } = device.watch(what, () =>
      device.createBuffer(label, sizeBytes, storage | copySource | copyDestination),
    );
    this.label = label;
    this.dtype = dtype;
    this.length = length;
    this.allocation = error;
    this.#device = device;
    this.#memory = value;
    device.owned.add(this);
  }

  /** The GPU's buffer. Throws `DeviceError` after `dispose`. */
  get memory(): GPUBuffer {
    if (this.#memory === undefined) {
      throw disposedBuffer("webgpu", this.label);
    }
    return this.#memory;
  }

  isOn(device: Device): boolean {
    return this.#device === device;
  }

  write(data: TensorData, offset = 0): void {
    checkWrite("webgpu", this, data, offset);
    this.#device.checkAlive();
    const { memory } = this;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const byteOffset = offset * dtypeBytes[this.dtype];
    const { order } = this.#device;
    if (order === undefined) {
      writeBytes(this.#device, memory, bytes, byteOffset);
    } else {
      const copy = bytes.slice();
      order.addOrDo(() => writeBytes(this.#device, memory, copy, byteOffset));
    }
  }

  async read(offset = 0, length: number = this.length - offset): Promise<TensorData> {
    checkRead("webgpu", this, offset, length);
    this.#device.checkAlive();
    const { memory } = this;
    const { order } = this.#device;
    return await (order === undefined
      ? this.#read(memory, offset, length)
      : order.add(() => this.#read(memory, offset, length)));
  }

  dispose(): void {
    const memory = this.#memory;
    if (memory === undefined) {
      return;
    }
    this.#device.owned.delete(this);
    this.#memory = undefined;
    const { order, failure } = this.#device;
    const destroy = (): void => this.#device.destroyBuffer(memory);
    if (order === undefined || order.idle || failure !== undefined) {
      destroy();
    } else {
      // Runs that are waiting still use it.
      order.settled().then(destroy);
    }
  }

  async #read(from: GPUBuffer, offset: number, length: number): Promise<TensorData> {
    const what = `webgpu: reading buffer "${this.label}"`;
    const width = dtypeBytes[this.dtype];
    // Copies start and end at whole words.
    const start = Math.floor((offset * width) / 4) * 4;
    const end = Math.ceil(((offset + length) * width) / 4) * 4;
    if (length === 0) {
      return new typedArrays[this.dtype](0);
    }
    const { mapRead, copyDestination } = bufferUsage;
    const { value: staging, error } = this.#device.watch(what, () => {
      const target = this.#device.createBuffer(`readback of ${this.label}`, end - start, mapRead | copyDestination);
      const encoder = this.#device.gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(from, start, target, 0, end - start);
      this.#device.gpu.queue.submit([encoder.finish()]);
      return target;
    });
    try {
      await staging.mapAsync(mapModeRead);
      const failure = (await error) ?? (await this.allocation);
      if (failure) {
        throw failure;
      }
      const copy = staging.getMappedRange().slice(0);
      return new typedArrays[this.dtype](copy, offset * width - start, length);
    } catch (cause) {
      throw await this.#device.explain(what, (await error) ?? cause);
    } finally {
      this.#device.destroyBuffer(staging);
    }
  }
}
