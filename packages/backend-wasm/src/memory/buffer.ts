import {
  type BufferSpec,
  type DeviceBuffer,
  DeviceError,
  type DType,
  dtypeBytes,
  type TensorData,
  typedArrays,
} from "@convoy/core/backend";
import type { WorkQueue } from "../run/workQueue.js";
import type { Heap } from "./heap.js";

/** A block of the module's memory. Writes and reads take their turn among the runs. */
export class WasmBuffer implements DeviceBuffer {
  readonly label: string;
  readonly dtype: DType;
  readonly length: number;
  readonly address: number;
  readonly heap: Heap;
  readonly #queue: WorkQueue;
  #disposed = false;

  constructor(label: string, { dtype, length }: BufferSpec, heap: Heap, queue: WorkQueue) {
    this.label = label;
    this.dtype = dtype;
    this.length = length;
    this.heap = heap;
    this.#queue = queue;
    this.address = heap.allocate(label, length * dtypeBytes[dtype]);
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  write(data: TensorData, offset = 0): void {
    this.#check("write", offset, data.length);
    const kept = this.#queue.idle ? data : data.slice();
    this.#queue.addOrDo(() => this.#view(offset, kept.length).set(kept));
  }

  async read(offset = 0, length: number = this.length - offset): Promise<TensorData> {
    this.#check("read", offset, length);
    return await this.#queue.add(() => typedArrays[this.dtype].from(this.#view(offset, length)));
  }

  dispose(): void {
    if (!this.#disposed) {
      this.#disposed = true;
      // Runs that were started before may still use it.
      this.#queue.addOrDo(() => this.heap.release(this.address));
    }
  }

  #check(what: string, offset: number, length: number): void {
    if (this.#disposed) {
      throw new DeviceError(`wasm: ${what} of buffer "${this.label}" after dispose()`);
    }
    if (offset < 0 || length < 0 || offset + length > this.length) {
      throw new DeviceError(
        `wasm: ${what} of ${length} elements at ${offset} does not fit buffer "${this.label}" of ${this.length} elements`,
      );
    }
  }

  /** A view is made for each use: growing the memory detaches the ones before. */
  #view(offset: number, length: number): Float32Array | Int32Array | Uint8Array {
    const start = this.address + offset * dtypeBytes[this.dtype];
    return new typedArrays[this.dtype](this.heap.memory.buffer, start, length);
  }
}
