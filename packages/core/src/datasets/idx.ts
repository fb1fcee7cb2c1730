import { DatasetError, formatShape } from "../errors.js";
import type { Tensor, TensorData } from "../tensor.js";
import type { SizeLimit } from "./sizeLimit.js";

/** How the numbers of one IDX type code are read. */
interface ElementType {
  readonly name: string;
  readonly sizeBytes: number;
  readonly read: (view: DataView, offset: number, count: number) => TensorData;
}

/** Type codes of the format; types that tensors do not have become int32, which holds all their values. */
const elementTypes: ReadonlyMap<number, ElementType> = new Map<number, ElementType>([
  [0x08, { name: "uint8", sizeBytes: 1, read: (view, at, n) => new Uint8Array(view.buffer, view.byteOffset + at, n) }],
  [0x09, { name: "int8", sizeBytes: 1, read: (view, at, n) => fill(new Int32Array(n), (i) => view.getInt8(at + i)) }],
  [
    0x0b,
    { name: "int16", sizeBytes: 2, read: (view, at, n) => fill(new Int32Array(n), (i) => view.getInt16(at + 2 * i)) },
  ],
  [
    0x0c,
    { name: "int32", sizeBytes: 4, read: (view, at, n) => fill(new Int32Array(n), (i) => view.getInt32(at + 4 * i)) },
  ],
  [
    0x0d,
    {
      name: "float32",
      sizeBytes: 4,
      read: (view, at, n) => fill(new Float32Array(n), (i) => view.getFloat32(at + 4 * i)),
    },
  ],
  [
    0x0e,
    {
      name: "float64",
      sizeBytes: 8,
      read: (view, at, n) => fill(new Float64Array(n), (i) => view.getFloat64(at + 8 * i)),
    },
  ],
]);

function fill<D extends TensorData>(data: D, value: (index: number) => number): D {
  for (let index = 0; index < data.length; index++) {
    data[index] = value(index);
  }
  return data;
}

/**
 * Reads an IDX file, the format of MNIST and its relatives (http://yann.lecun.com/exdb/mnist/, "The IDX file format"):
 * two zero bytes, a type code, the number of dimensions, each size as a 32-bit integer, then the numbers in row-major
 * order, everything big-endian.
 *
 * @param bytes the whole file, unpacked. For uint8 the result shares its memory.
 * @param fileName what errors call the file; default "IDX file"
 * @returns uint8 as Uint8Array; int8, int16 and int32 as Int32Array; float32 and float64 as such
 * @throws DatasetError when the header is wrong or the file is longer or shorter than its header says
 */
export function parseIdx(bytes: Uint8Array, fileName = "IDX file"): Tensor {
  const header = readIdxHeader(bytes, fileName);
  const { shape, fileBytes, dataOffset, type } = header;
  if (bytes.length !== fileBytes) {
    const declared = `${formatShape(shape)} of ${type.name}`;
    const what = bytes.length < fileBytes ? "truncated" : `followed by ${bytes.length - fileBytes} bytes too many`;
    throw new DatasetError(
      `${fileName}: the header declares ${declared}, so the file must end at byte ${fileBytes}, but it ends at byte ${bytes.length}: ${what}; download it again`,
    );
  }
  return { data: readIdxNumbers(bytes.subarray(dataOffset), header), shape };
}

/** What the header of a file says. */
export interface IdxHeader {
  readonly shape: readonly number[];
  /** Where the numbers begin. */
  readonly dataOffset: number;
  /** Bytes of a number. */
  readonly numberBytes: number;
  /** Bytes of the whole file. */
  readonly fileBytes: number;
  readonly type: ElementType;
}

/** The header of a file, from its first bytes. Throws `DatasetError` where it is wrong or they end within it. */
export function readIdxHeader(bytes: Uint8Array, fileName: string): IdxHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new DatasetError(`${fileName}: byte 0: this is gzip data; unpack it before reading it as IDX`);
  }
  if (bytes.length < 4) {
    throw new DatasetError(
      `${fileName}: ends at byte ${bytes.length}, within the magic number (4 bytes); download it again`,
    );
  }
  if (bytes[0] !== 0 || bytes[1] !== 0) {
    throw new DatasetError(
      `${fileName}: byte 0: expected 0x0000, the start of an IDX file, found 0x${hex(view.getUint16(0), 4)}; not an IDX file`,
    );
  }
  const type = elementTypes.get(view.getUint8(2));
  if (type === undefined) {
    const known = [...elementTypes].map(([code, { name }]) => `0x${hex(code, 2)} (${name})`).join(", ");
    throw new DatasetError(
      `${fileName}: byte 2: expected a type code, one of ${known}, found 0x${hex(view.getUint8(2), 2)}; the header is corrupt`,
    );
  }
  const rank = view.getUint8(3);
  if (rank === 0) {
    throw new DatasetError(`${fileName}: byte 3: expected at least 1 dimension, found 0; the header is corrupt`);
  }
  const dataOffset = 4 + 4 * rank;
  if (bytes.length < dataOffset) {
    throw new DatasetError(
      `${fileName}: ends at byte ${bytes.length}, within the sizes of its ${rank} dimensions (bytes 4 to ${dataOffset - 1}); download it again`,
    );
  }
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = shape.reduce((product, size) => product * size, 1);
  const numberBytes = type.sizeBytes;
  return { shape, dataOffset, numberBytes, fileBytes: dataOffset + count * numberBytes, type };
}

/** The numbers in bytes. Those of uint8 share their memory. */
export function readIdxNumbers(bytes: Uint8Array, { type }: IdxHeader): TensorData {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return type.read(view, 0, bytes.length / type.sizeBytes);
}

/** Size of an IDX file by its header, from its first bytes; undefined where they are too few, or are none of an IDX file. */
export function declaredIdxSize(head: Uint8Array): SizeLimit | undefined {
  const [zero, alsoZero, code = 0, rank = 0] = head;
  const type = elementTypes.get(code);
  const dataOffset = 4 + 4 * rank;
  if (zero !== 0 || alsoZero !== 0 || type === undefined || rank === 0 || head.length < dataOffset) {
    return undefined;
  }
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = shape.reduce((product, size) => product * size, 1);
  return {
    bytes: dataOffset + count * type.sizeBytes,
    reason: `its header declares ${formatShape(shape)} of ${type.name}`,
  };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
