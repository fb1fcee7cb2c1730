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
  type WorkQueue,
} from "@convoy/core/backend";
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
    this.#checkAlive();
    checkWrite("wasm", this, data, offset);
    const kept = this.#queue.idle ? data : data.slice();
    this.#queue.addOrDo(() => this.#view(offset, kept.length).set(kept));
  }

  async read(offset = 0, length: number = this.length - offset): Promise<TensorData> {
    this.#checkAlive();
    checkRead("wasm", this, offset, length);
    return await this.#queue.add(() => typedArrays[this.dtype].from(this.#view(offset, length)));
  }

  dispose(): void {
    if (!this.#disposed) {
      this.#disposed = true;
      // Runs that were started before may still use it.
      this.#queue.addOrDo(() => this.heap.release(this.address));
    }
  }

  #checkAlive(): void {
    if (this.#disposed) {
      throw disposedBuffer("wasm", this.label);
    }
  }

  /** A view is made for each use: growing the memory detaches the ones before. */
  #view(offset: number, length: number): Float32Array | Int32Array | Uint8Array {
    const start = this.address + offset * dtypeBytes[this.dtype];
    return new typedArrays[this.dtype](this.heap.memory.buffer, start, length);
  }
}
