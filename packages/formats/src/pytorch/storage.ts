import { formatShape, ModelFileError, type Tensor } from "@convoy/core";
import { halfToNumber } from "../halfFloat.js";

type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;

/** How the numbers of a storage lie in the file, and in what array they are given. */
interface StorageType {
  readonly bytes: number;
  readonly make: (length: number) => Numbers;
  readonly read: (view: DataView, at: number, little: boolean) => number;
}

const bits = new DataView(new ArrayBuffer(4));

/** The upper half of a float32. */
function bfloat(upper: number): number {
  bits.setUint32(0, upper * 65_536);
  return bits.getFloat32(0);
}

const floats = (length: number): Numbers => new Float32Array(length);
const whole = (length: number): Numbers => new Int32Array(length);

/** PyTorch's storage classes. Integers of 64 bits are given as float64, which holds those of 53. */
export const storageTypes: { readonly [name: string]: StorageType } = {
  FloatStorage: { bytes: 4, make: floats, read: (view, at, little) => view.getFloat32(at, little) },
  HalfStorage: { bytes: 2, make: floats, read: (view, at, little) => halfToNumber(view.getUint16(at, little)) },
  BFloat16Storage: { bytes: 2, make: floats, read: (view, at, little) => bfloat(view.getUint16(at, little)) },
  DoubleStorage: {
    bytes: 8,
    make: (length) => new Float64Array(length),
    read: (view, at, little) => view.getFloat64(at, little),
  },
  LongStorage: {
    bytes: 8,
    make: (length) => new Float64Array(length),
    read: (view, at, little) => Number(view.getBigInt64(at, little)),
  },
  IntStorage: { bytes: 4, make: whole, read: (view, at, little) => view.getInt32(at, little) },
  ShortStorage: { bytes: 2, make: whole, read: (view, at, little) => view.getInt16(at, little) },
  CharStorage: { bytes: 1, make: whole, read: (view, at) => view.getInt8(at) },
  ByteStorage: { bytes: 1, make: (length) => new Uint8Array(length), read: (view, at) => view.getUint8(at) },
  BoolStorage: { bytes: 1, make: (length) => new Uint8Array(length), read: (view, at) => view.getUint8(at) },
};

/** Memory that tensors are views of. Its bytes may come later in the file than the tensors. */
export class Storage {
  readonly key: string;
  readonly type: string;
  readonly length: number;
  bytes: Uint8Array | undefined;

  constructor(key: string, type: string, length: number) {
    this.key = key;
    this.type = type;
    this.length = length;
  }

  get byteLength(): number {
    return this.length * storageTypes[this.type]!.bytes;
  }
}

/** A tensor as the file describes it: a view of a storage. */
export class StoredTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
    const counts = [offset, ...shape, ...strides];
    if (shape.length !== strides.length || counts.some((count) => !Number.isSafeInteger(count) || count < 0)) {
      throw new Error(`a tensor of shape ${formatShape(shape)} with strides ${formatShape(strides)} from ${offset} on`);
    }
    const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, offset);
    if (this.size > 0 && last >= storage.length) {
      throw new Error(
        `a tensor of shape ${formatShape(shape)} reaches to element ${last} of a storage that has ${storage.length}`,
      );
    }
  }

  get size(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  /** What tells it from other views. */
  get view(): string {
    return [this.storage.key, this.offset, this.shape, this.strides].join(" ");
  }
}

/** Reads the numbers of tensors, with a limit on how much memory they take together. */
export class TensorReader {
  readonly #known = new Map<string, Tensor>();
  readonly #little: boolean;
  readonly #limit: number;
  #bytesLeft: number;

  constructor(fileSize: number, little: boolean) {
    this.#little = little;
    this.#limit = 3 * fileSize + 65_536;
    this.#bytesLeft = this.#limit;
  }

  /** The numbers in row-major order. Views of the same numbers give the same tensor. */
  read(name: string, tensor: StoredTensor): Tensor {
    const found = this.#known.get(tensor.view);
    if (found !== undefined) {
      return found;
    }
    const { storage, shape, size } = tensor;
    const type = storageTypes[storage.type]!;
    const { bytes } = storage;
    if (bytes === undefined) {
      throw new ModelFileError(`PyTorch file, tensor "${name}": its storage ${storage.key} is not in the file`);
    }
    const memory = size * type.make(0).BYTES_PER_ELEMENT;
    if (!(memory <= this.#bytesLeft)) {
      throw new ModelFileError(
        `PyTorch file, tensor "${name}" of shape ${formatShape(shape)}: the tensors share their numbers so often that they would ` +
          `take more than ${this.#limit} bytes`,
      );
    }
    const data = type.make(size);
    this.#bytesLeft -= memory;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const index = shape.map(() => 0);
    let place = tensor.offset;
    for (let at = 0; at < size; at++) {
      data[at] = type.read(view, place * type.bytes, this.#little);
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        index[axis]!++;
        place += tensor.strides[axis]!;
        if (index[axis]! < shape[axis]!) {
          break;
        }
        place -= index[axis]! * tensor.strides[axis]!;
        index[axis] = 0;
      }
    }
    const result = { data, shape };
    this.#known.set(tensor.view, result);
    return result;
  }
}
