import {
  DeviceError,
  type DType,
  MemoryCount,
  type MemoryInfo,
  type TensorData,
  typedArrays,
} from "../../backend/index.js";

/** How float32 values are kept: as they are, or with the 53 bits that finite differences need. */
export type FloatStorage = "float32" | "float64";

/** Memory of one device: allocates it zero-filled, keeps count of it, and lays typed arrays over it. */
export class HostMemory {
  readonly storage: FloatStorage;
  /** Bytes in memory for one byte of a plan: with float64 storage everything is as far apart again. */
  readonly stretch: 1 | 2;
  readonly #count = new MemoryCount();

  constructor(storage: FloatStorage) {
    this.storage = storage;
    this.stretch = storage === "float64" ? 2 : 1;
  }

  get info(): MemoryInfo {
    return this.#count.info;
  }

  /** Room for `bytes` of a plan. Throws `DeviceError` when there is not enough. */
  allocate(label: string, bytes: number): ArrayBuffer {
    const size = bytes * this.stretch;
    let memory: ArrayBuffer;
    try {
      memory = new ArrayBuffer(size);
    } catch (cause) {
      throw new DeviceError(
        `reference: cannot allocate ${size} bytes for "${label}" with ${this.#count.usedBytes} bytes in use; ` +
          "use a smaller batch, model or data set",
        { cause },
      );
    }
    this.#count.add(size);
    return memory;
  }

  /** Gives `allocate`d memory back; the garbage collector takes it when nothing refers to it any more. */
  release(memory: ArrayBuffer): void {
    this.#count.remove(memory.byteLength);
  }

  /** `length` elements over `memory`, starting `byteOffset` bytes into it by the plan's count. */
  view(memory: ArrayBuffer, dtype: DType, byteOffset: number, length: number): TensorData {
    const TypedArray = dtype === "float32" && this.storage === "float64" ? Float64Array : typedArrays[dtype];
    return new TypedArray(memory, byteOffset * this.stretch, length);
  }
}
