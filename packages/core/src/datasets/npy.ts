import { DatasetError, formatShape } from "../errors.js";
import type { Tensor, TensorData } from "../tensor.js";
import type { SizeLimit } from "./sizeLimit.js";

/** How numbers of one kind are read. */
interface NumberKind {
  readonly bytes: number;
  readonly read: (view: DataView, offset: number, little: boolean) => number | bigint;
  readonly make: (values: (index: number) => number | bigint, count: number) => TensorData | undefined;
}

const ints: NumberKind["make"] = (value, count) =>
  Int32Array.from({ length: count }, (_, index) => Number(value(index)));
const singles: NumberKind["make"] = (value, count) =>
  Float32Array.from({ length: count }, (_, index) => Number(value(index)));
const doubles: NumberKind["make"] = (value, count) =>
  Float64Array.from({ length: count }, (_, index) => Number(value(index)));
const bytes: NumberKind["make"] = (value, count) =>
  Uint8Array.from({ length: count }, (_, index) => Number(value(index)));
/** int32 where all fit, else float64 where all are exact; undefined where some are not. */
const wideInts: NumberKind["make"] = (value, count) => {
  const data = new Float64Array(count);
  let small = true;
  for (let index = 0; index < count; index++) {
    const number = Number(value(index));
    if (!Number.isSafeInteger(number)) {
      return undefined;
    }
    data[index] = number;
    small &&= number === (number | 0);
  }
  return small ? Int32Array.from(data) : data;
};

/** NumPy's type strings without the byte order. */
const kinds: Readonly<Record<string, NumberKind>> = {
  b1: { bytes: 1, read: (view, at) => view.getUint8(at), make: bytes },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at), make: bytes },
  i1: { bytes: 1, read: (view, at) => view.getInt8(at), make: ints },
  u2: { bytes: 2, read: (view, at, little) => view.getUint16(at, little), make: ints },
  i2: { bytes: 2, read: (view, at, little) => view.getInt16(at, little), make: ints },
  u4: { bytes: 4, read: (view, at, little) => view.getUint32(at, little), make: wideInts },
  i4: { bytes: 4, read: (view, at, little) => view.getInt32(at, little), make: ints },
  u8: { bytes: 8, read: (view, at, little) => view.getBigUint64(at, little), make: wideInts },
  i8: { bytes: 8, read: (view, at, little) => view.getBigInt64(at, little), make: wideInts },
  f2: { bytes: 2, read: (view, at, little) => halfToNumber(view.getUint16(at, little)), make: singles },
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little), make: singles },
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little), make: doubles },
};

/** What the header of a file says. */
export interface NpyHeader {
  /** Where the numbers begin. */
  readonly dataOffset: number;
  /** NumPy's type string, such as "<f4". */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Bytes of a number. */
  readonly numberBytes: number;
  /** Bytes of the whole file. */
  readonly fileBytes: number;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * Reads a file of NumPy's format NPY, versions 1 to 3 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 *
 * @param file the whole file, unpacked
 * @param fileName what errors call it; default "NPY file"
 * @returns uint8 and bool as Uint8Array, smaller integers as Int32Array, float16 and float32 as Float32Array, float64 as such;
 * uint32, int64 and uint64 as Int32Array where all numbers fit, else as Float64Array. Fortran's order is turned into row-major.
 * @throws DatasetError when the header is wrong, the type is another, or the file is longer or shorter than its header says
 */
export function parseNpy(file: Uint8Array, fileName = "NPY file"): Tensor {
  const header = readNpyHeader(file, fileName);
  if (header === undefined) {
    throw new DatasetError(`${fileName}: ends at byte ${file.length}, within its header; download it again`);
  }
  const { dataOffset, descr, fortranOrder, shape, fileBytes } = header;
  if (file.length !== fileBytes) {
    const what = file.length < fileBytes ? "truncated" : `followed by ${file.length - fileBytes} bytes too many`;
    throw new DatasetError(
      `${fileName}: the header declares ${formatShape(shape)} of "${descr}", so the file must end at byte ${fileBytes}, but it ends at byte ${file.length}: ${what}`,
    );
  }
  const data = readNpyNumbers(file.subarray(dataOffset), descr, fileName);
  return { data: fortranOrder && shape.length > 1 ? rowMajor(data, shape) : data, shape };
}

/** Numbers of NumPy's type `descr`. Bytes share the memory of `data`. */
export function readNpyNumbers(data: Uint8Array, descr: string, fileName: string): TensorData {
  const { bytes: size, read, make } = kindOf(descr) as NumberKind;
  if (make === bytes) {
    return data;
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const little = descr[0] !== ">";
  const numbers = make((index) => read(view, index * size, little), data.length / size);
  if (numbers === undefined) {
    throw new DatasetError(`${fileName}: holds integers beyond 2^53, which no float64 has; save them as another type`);
  }
  return numbers;
}

/** Size of an NPY file by its header, from its first bytes; undefined where they are too few, or are none of an NPY file. */
export function declaredNpySize(head: Uint8Array): SizeLimit | undefined {
  try {
    const header = readNpyHeader(head, "");
    return (
      header && {
        bytes: header.fileBytes,
        reason: `its header declares ${formatShape(header.shape)} of "${header.descr}"`,
      }
    );
  } catch {
    return undefined; // reading it will say what is wrong
  }
}

/** The header of a file; undefined where its bytes end before. Throws `DatasetError` for what is none. */
export function readNpyHeader(file: Uint8Array, fileName: string): NpyHeader | undefined {
  const wrong = magic.findIndex((byte, index) => index < file.length && file[index] !== byte);
  if (wrong >= 0) {
    throw new DatasetError(
      `${fileName}: byte ${wrong}: expected 0x93 and "NUMPY", the start of an NPY file; not an NPY file`,
    );
  }
  const version = file[6] ?? 1;
  if (version < 1 || version > 3) {
    throw new DatasetError(`${fileName}: byte 6: version ${version} of the NPY format, expected 1, 2 or 3`);
  }
  const textOffset = version === 1 ? 10 : 12;
  if (file.length < textOffset) {
    return undefined;
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const textBytes = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataOffset = textOffset + textBytes;
  if (file.length < dataOffset) {
    return undefined;
  }
  const text = new TextDecoder().decode(file.subarray(textOffset, dataOffset));
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  const kind = descr === undefined ? undefined : kindOf(descr);
  if (order === undefined || sizes === undefined || kind === undefined || descr === undefined) {
    const unknown =
      descr !== undefined && kind === undefined ? `numbers of type "${descr}"` : `the header ${text.trim()}`;
    throw new DatasetError(
      `${fileName}: ${unknown} cannot be read; known types: ${Object.keys(kinds).join(", ")}. Save the array with astype("float32")`,
    );
  }
  const shape = sizes.split(",").flatMap((size) => (size.trim() === "" ? [] : [Number(size)]));
  const count = shape.reduce((product, size) => product * size, 1);
  const fileBytes = dataOffset + count * kind.bytes;
  return { dataOffset, descr, fortranOrder: order === "True", shape, numberBytes: kind.bytes, fileBytes };
}

function kindOf(descr: string): NumberKind | undefined {
  const [, name = ""] = /^[<>|=](.*)$/.exec(descr) ?? [];
  return Object.hasOwn(kinds, name) ? kinds[name] : undefined;
}

/** Numbers whose first index runs fastest, in the order in which the last does. */
function rowMajor(data: TensorData, shape: readonly number[]): TensorData {
  const result = data.slice() as TensorData;
  const index = shape.map(() => 0);
  const strides: number[] = [];
  shape.reduce((stride, size, axis) => {
    strides[axis] = stride;
    return stride * size;
  }, 1);
  for (let position = 0; position < data.length; position++) {
    result[position] = data[index.reduce((sum, at, axis) => sum + at * (strides[axis] as number), 0)] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) {
        break;
      }
      index[axis] = 0;
    }
  }
  return result;
}

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) {
    return fraction === 0 ? sign * Infinity : Number.NaN;
  }
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
