import { brief, type JsonValue } from "../config.js";
import { ArgumentError, formatShape, ModelFileError } from "../errors.js";
import type { Shape } from "../ops/definition.js";
import type { Bytes } from "./bytes.js";
import { fromBfloat16, fromFloat16 } from "./halfFloats.js";
import { jsonKeys } from "./jsonKeys.js";

/** Bytes of a number of each type. */
const sizes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

/** Types of numbers, as safetensors files call them. */
export type SafetensorsType = keyof typeof sizes;

/** Numbers that can be written; their type is that of the array. */
export type WritableData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** A tensor to write. */
export interface WritableTensor {
  readonly data: WritableData;
  readonly shape: Shape;
}

/** A tensor of a file. */
export interface StoredTensor {
  readonly dtype: SafetensorsType;
  readonly shape: Shape;
  /** Its numbers, little-endian: a view of the file's bytes. */
  readonly bytes: Uint8Array;
}

/** What a safetensors file holds. */
export interface Safetensors {
  /** Strings by name. */
  readonly metadata: ReadonlyMap<string, string>;
  /** By name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** What other readers take at most, in bytes. */
const maxHeader = 100_000_000;

const lengthBytes = 8;

/**
 * Reads a file in the safetensors format: the length of the header as a little-endian 64-bit integer, the header in JSON,
 * then the numbers of all tensors without gaps. Tensors are views of `bytes`; nothing is copied. Throws `ModelFileError` that
 * says what is wrong and where: lengths and offsets that do not fit the file or each other, overlaps, gaps, duplicate names,
 * unknown types.
 */
export function read(bytes: Uint8Array): Safetensors {
  const headerBytes = headerLength(bytes);
  const header = parseHeader(bytes.subarray(lengthBytes, lengthBytes + headerBytes));
  const data = bytes.subarray(lengthBytes + headerBytes);
  const metadata = new Map<string, string>();
  const tensors = new Map<string, StoredTensor>();
  const ranges: { readonly name: string; readonly begin: number; readonly end: number }[] = [];
  for (const [name, entry] of header) {
    if (name === "__metadata__") {
      for (const [key, value] of Object.entries(expectObject("__metadata__", entry))) {
        if (typeof value !== "string") {
          throw wrong(`__metadata__ "${key}" is no string`);
        }
        metadata.set(key, value);
      }
      continue;
    }
    const { dtype, shape, begin, end } = tensorEntry(name, entry, data.length);
    ranges.push({ name, begin, end });
    tensors.set(name, { dtype, shape, bytes: data.subarray(begin, end) });
  }
  checkRanges(ranges, data.length);
  return { metadata, tensors };
}

function wrong(message: string): ModelFileError {
  return new ModelFileError(`safetensors header: ${message}`);
}

function headerLength(bytes: Uint8Array): number {
  if (bytes.length < lengthBytes) {
    throw new ModelFileError(
      `this is no safetensors file: it has ${bytes.length} bytes, and the length of the header alone takes ${lengthBytes}`,
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, lengthBytes).getBigUint64(0, true);
  if (length > BigInt(Math.min(maxHeader, bytes.length - lengthBytes))) {
    throw new ModelFileError(
      `this is no safetensors file, or it is cut off: by its first 8 bytes the header has ${length} bytes, of which there are ` +
        `${bytes.length - lengthBytes}, at most ${maxHeader}`,
    );
  }
  return Number(length);
}

/** The entries of the header in their order. */
function parseHeader(bytes: Uint8Array): readonly (readonly [name: string, entry: unknown])[] {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    throw wrong(`bytes 8 to ${lengthBytes + bytes.length} are no JSON in UTF-8: ${(error as Error).message}`);
  }
  const parsed = expectObject("the header", header);
  const keys = jsonKeys(text);
  if (keys.length !== Object.keys(parsed).length) {
    const seen = new Set<string>();
    throw wrong(`"${keys.find((key) => seen.size === seen.add(key).size)}" is there twice`);
  }
  return keys.map((key) => [key, parsed[key]] as const);
}

function expectObject(what: string, value: unknown): { readonly [name: string]: unknown } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong(`${what} is no JSON object`);
  }
  return value as { readonly [name: string]: unknown };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

interface TensorEntry {
  readonly dtype: SafetensorsType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

function tensorEntry(name: string, entry: unknown, available: number): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = expectObject(`tensor "${name}"`, entry);
  if (typeof dtype !== "string" || !Object.hasOwn(sizes, dtype)) {
    throw wrong(`tensor "${name}" has dtype ${brief(dtype as JsonValue)}, expected ${Object.keys(sizes).join(", ")}`);
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw wrong(`tensor "${name}" has shape ${brief(shape as JsonValue)}, expected sizes of at least 0`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw wrong(`tensor "${name}" has data_offsets ${brief(offsets as JsonValue)}, expected [begin, end]`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > available) {
    throw wrong(
      `tensor "${name}" has data_offsets [${begin},${end}], which are not within the ${available} bytes of data. ` +
        "The file may be cut off",
    );
  }
  const size = sizes[dtype as SafetensorsType];
  // Doubles do not overflow where integers would; a product above 2^53 is never what the range has.
  const needed = shape.reduce<number>((product, length) => product * (length as number), size);
  if (needed !== end - begin) {
    throw wrong(
      `tensor "${name}" of shape ${formatShape(shape as number[])} and dtype ${dtype} takes ${needed} bytes, its data_offsets ` +
        `[${begin},${end}] have ${end - begin}`,
    );
  }
  return { dtype: dtype as SafetensorsType, shape: shape as number[], begin, end };
}

/** Throws unless the ranges fill the data without overlaps and gaps. */
function checkRanges(
  ranges: readonly { readonly name: string; readonly begin: number; readonly end: number }[],
  available: number,
): void {
  let reached = 0;
  for (const { name, begin, end } of [...ranges].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== reached) {
      const problem = begin < reached ? "which overlaps the tensor before it" : `which leaves a gap from ${reached} on`;
      throw wrong(`tensor "${name}" has data_offsets [${begin},${end}], ${problem}`);
    }
    reached = end;
  }
  if (reached !== available) {
    throw wrong(`the tensors end at byte ${reached} of the data, of which there are ${available}`);
  }
}

/** Types of arrays that are what a file has. */
const views: { readonly [T in Exclude<SafetensorsType, "F16" | "BF16" | "BOOL">]: ViewConstructor } = {
  U8: Uint8Array,
  I8: Int8Array,
  U16: Uint16Array,
  I16: Int16Array,
  U32: Uint32Array,
  I32: Int32Array,
  F32: Float32Array,
  U64: BigUint64Array,
  I64: BigInt64Array,
  F64: Float64Array,
};

interface ViewConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): WritableData;
}

/**
 * The numbers of a tensor in an array of their own type: a view of the file where alignment allows, else a copy. BOOL is given as
 * bytes of 0 and 1, F16 and BF16 as the float32 numbers that they stand for.
 */
export function numbers({ dtype, bytes }: StoredTensor): WritableData {
  if (dtype === "F16" || dtype === "BF16") {
    const words = view(Uint16Array, bytes) as Uint16Array;
    return dtype === "F16" ? fromFloat16(words) : fromBfloat16(words);
  }
  return view(dtype === "BOOL" ? Uint8Array : views[dtype], bytes);
}

/** The numbers of a tensor as float32, rounded where their type is wider. A view of the file for F32 where alignment allows. */
export function float32Numbers(tensor: StoredTensor): Float32Array {
  const data = numbers(tensor);
  if (data instanceof Float32Array) {
    return data;
  }
  return data instanceof BigInt64Array || data instanceof BigUint64Array
    ? Float32Array.from(data as Iterable<bigint>, Number)
    : new Float32Array(data);
}

function view(type: ViewConstructor, bytes: Uint8Array): WritableData {
  const size = type.BYTES_PER_ELEMENT;
  const aligned = hostIsLittleEndian && bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  if (!hostIsLittleEndian) {
    reverseEach(aligned, size);
  }
  return new type(aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}

/** What a file is made of. */
export interface WritableFile {
  /** By name. */
  readonly tensors: Iterable<readonly [name: string, tensor: WritableTensor]>;
  /** Strings by name. */
  readonly metadata?: { readonly [name: string]: string };
}

/**
 * A file in the safetensors format in pieces that belong one behind the other, without copies of the numbers. Types with larger
 * numbers come first, so that all are aligned, tensors of one type in the order given. Throws `ArgumentError` for a name that is
 * given twice or reserved, and for data that do not fill their shape.
 */
export function chunks({ tensors, metadata }: WritableFile): Bytes[] {
  const entries = [...tensors].map(([name, { data, shape }]) => {
    const length = shape.reduce((product, size) => product * size, 1);
    if (length !== data.length) {
      throw new ArgumentError(
        `tensor "${name}" has ${data.length} numbers, shape ${formatShape(shape)} needs ${length}`,
      );
    }
    return { name, dtype: typeOf(name, data), shape, data };
  });
  entries.sort((a, b) => sizes[b.dtype] - sizes[a.dtype]);
  let offset = 0;
  const header: [string, unknown][] = metadata === undefined ? [] : [["__metadata__", metadata]];
  for (const { name, dtype, shape, data } of entries) {
    header.push([name, { dtype, shape, data_offsets: [offset, offset + data.byteLength] }]);
    offset += data.byteLength;
  }
  const object = Object.fromEntries(header);
  if (Object.keys(object).length < header.length || entries.some(({ name }) => name === "__metadata__")) {
    const twice = header.find(([name], index) => header.some(([other], before) => before < index && other === name));
    throw new ArgumentError(`a file cannot have two tensors named "${twice?.[0]}"`);
  }
  return [headerPiece(JSON.stringify(object)), ...entries.map(({ data }) => littleEndian(data))];
}

/** A file in the safetensors format, in one piece. Throws like `chunks`. */
export function write(file: WritableFile): Bytes {
  return joined(chunks(file));
}

/** Pieces one behind the other. */
export function joined(pieces: readonly Uint8Array[]): Bytes {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

/** The length and the header, padded by spaces so that the data begin at a multiple of 8. */
function headerPiece(json: string): Bytes {
  const text = new TextEncoder().encode(json);
  const padded = Math.ceil(text.length / 8) * 8;
  if (padded > maxHeader) {
    throw new ArgumentError(`the header of the file would have ${padded} bytes, of which readers take ${maxHeader}`);
  }
  const bytes = new Uint8Array(lengthBytes + padded).fill(0x20, lengthBytes + text.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(text, lengthBytes);
  return bytes;
}

function typeOf(name: string, data: WritableData): SafetensorsType {
  const found = Object.entries(views).find(([, type]) => data instanceof (type as unknown as typeof Uint8Array));
  if (found === undefined) {
    throw new ArgumentError(`tensor "${name}" is no typed array that safetensors files have a type for`);
  }
  return found[0] as SafetensorsType;
}

const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function littleEndian(data: WritableData): Bytes {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  if (hostIsLittleEndian || data.BYTES_PER_ELEMENT === 1) {
    return bytes;
  }
  const swapped = bytes.slice();
  reverseEach(swapped, data.BYTES_PER_ELEMENT);
  return swapped;
}

function reverseEach(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) {
    bytes.subarray(start, start + size).reverse();
  }
}
