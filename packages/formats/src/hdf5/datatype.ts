import { ModelFileError } from "@convoy/core";
import { halfToNumber } from "../halfFloat.js";
import type { Cursor, Hdf5Bytes } from "./bytes.js";

/** Type of the elements of a dataset or an attribute. */
export type Datatype =
  | { readonly kind: "integer"; readonly size: number; readonly signed: boolean; readonly bigEndian: boolean }
  | { readonly kind: "float"; readonly size: number; readonly bigEndian: boolean }
  | { readonly kind: "text"; readonly size: number }
  /** A text of any length in the global heap. */
  | { readonly kind: "longText"; readonly size: number }
  | { readonly kind: "other"; readonly size: number; readonly name: string };

const otherNames: Readonly<Record<number, string>> = {
  2: "time",
  4: "bitfield",
  5: "opaque",
  6: "compound",
  7: "reference",
  9: "variable-length sequence",
  10: "array",
};

/** The datatype at a place; moves behind what is known of it. */
export function readDatatype(at: Cursor, depth = 0): Datatype {
  const head = at.u8();
  const type = head & 15;
  const bits = [at.u8(), at.u8(), at.u8()] as const;
  const size = at.u32();
  switch (type) {
    case 0:
      at.skip(4);
      return { kind: "integer", size, signed: (bits[0] & 8) !== 0, bigEndian: (bits[0] & 1) !== 0 };
    case 1: {
      const layout = at.take(12);
      const exponentBits = layout[5]!;
      const known =
        (size === 2 && exponentBits === 5) || (size === 4 && exponentBits === 8) || (size === 8 && exponentBits === 11);
      if (!known) {
        return { kind: "other", size, name: `float of ${size} bytes with ${exponentBits} bits of exponent` };
      }
      return { kind: "float", size, bigEndian: (bits[0] & 1) !== 0 };
    }
    case 3:
      return { kind: "text", size };
    case 8: {
      // An enumeration, such as h5py's booleans: the numbers behind it.
      const base = depth === 0 ? readDatatype(at, 1) : undefined;
      return base?.kind === "integer" ? base : { kind: "other", size, name: "enumeration" };
    }
    case 9:
      return (bits[0] & 15) === 1 ? { kind: "longText", size } : { kind: "other", size, name: otherNames[9]! };
    default:
      return { kind: "other", size, name: otherNames[type] ?? `datatype ${type}` };
  }
}

/** Sizes of a dataspace; [] for a single element, undefined where there is none at all. */
export function readDataspace(at: Cursor): readonly number[] | undefined {
  const version = at.version([1, 2]);
  const rank = at.u8();
  at.skip(1);
  const type = at.u8();
  at.skip(version === 1 ? 4 : 0);
  if (version === 2 && type === 2) {
    return undefined;
  }
  if (rank > 32) {
    throw new ModelFileError(
      `HDF5: a dataspace of ${rank} axes at byte ${at.position}, 32 are possible; the file is damaged`,
    );
  }
  return Array.from({ length: rank }, () => at.length());
}

/** Number of elements. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Whether this machine has numbers in memory as files have them. */
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Numbers of integers and floats, as float32. */
export function decodeNumbers(what: string, type: Datatype, bytes: Uint8Array, count: number): Float32Array {
  if (type.kind === "float" && type.size === 4 && !type.bigEndian && isLittleEndian) {
    return new Float32Array(bytes.slice(0, 4 * count).buffer);
  }
  // Before memory is taken: elements may be of a kind that has no numbers, and of no size.
  const read = numberReader(what, type, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const numbers = new Float32Array(count);
  for (let index = 0; index < count; index++) {
    numbers[index] = read(index * type.size);
  }
  return numbers;
}

function numberReader(what: string, type: Datatype, view: DataView): (position: number) => number {
  const { size } = type;
  if (type.kind === "float") {
    const little = !type.bigEndian;
    switch (size) {
      case 2:
        return (position) => halfToNumber(view.getUint16(position, little));
      case 4:
        return (position) => view.getFloat32(position, little);
      default:
        return (position) => view.getFloat64(position, little);
    }
  }
  if (type.kind === "integer" && [1, 2, 4, 8].includes(size)) {
    const little = !type.bigEndian;
    switch (size) {
      case 1:
        return (position) => (type.signed ? view.getInt8(position) : view.getUint8(position));
      case 2:
        return (position) => (type.signed ? view.getInt16(position, little) : view.getUint16(position, little));
      case 4:
        return (position) => (type.signed ? view.getInt32(position, little) : view.getUint32(position, little));
      default:
        return (position) =>
          Number(type.signed ? view.getBigInt64(position, little) : view.getBigUint64(position, little));
    }
  }
  throw new ModelFileError(
    `HDF5: ${what} holds elements of kind ${type.kind === "other" ? type.name : type.kind}, expected numbers`,
  );
}

/** The text that an element of the kind longText refers to. */
export function readLongText(file: Hdf5Bytes, at: Cursor, decode: (bytes: Uint8Array) => string): string {
  const length = at.u32();
  const address = at.address();
  const index = at.u32();
  if (length === 0 || address === undefined || address === 0) {
    return "";
  }
  const heap = file.atAddress(address, "a global heap");
  const start = heap.position;
  heap.signature("GCOL");
  heap.version([1]);
  heap.skip(3);
  const end = start + heap.length();
  while (heap.position + 8 + file.lengthSize <= end) {
    const number = heap.u16();
    heap.skip(6);
    const size = heap.length();
    if (number === 0) {
      break;
    }
    if (number === index) {
      return decode(heap.take(Math.min(size, length)));
    }
    heap.position += Math.ceil(size / 8) * 8;
  }
  throw new ModelFileError(`HDF5: the global heap at byte ${start} has no object ${index}; the file is damaged`);
}
