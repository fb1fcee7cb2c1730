import { formatShape, ModelFileError } from "@convoy/core";
import { halfToNumber } from "../halfFloat.js";
import type { OnnxTensor } from "./messages.js";
import type { NumberList } from "./protobuf.js";

/** Numbers that are known when the file is read: weights, shapes, what the graph computes of them. */
export interface Constant {
  readonly kind: "constant";
  /** Integers, or numbers of float32. A size that depends on the batch is NaN. */
  readonly data: Float32Array | Float64Array;
  readonly shape: readonly number[];
  readonly integer: boolean;
}

export function constant(
  data: Float32Array | Float64Array | readonly number[],
  shape: readonly number[],
  integer: boolean,
): Constant {
  return {
    kind: "constant",
    data: Array.isArray(data) ? Float64Array.from(data) : (data as Float32Array),
    shape,
    integer,
  };
}

/** A vector of integers. */
export function integers(values: readonly number[]): Constant {
  return constant(values, [values.length], true);
}

/** Most axes of a tensor: far more than images have, few enough for work that grows with their square. */
export const maxRank = 32;

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

interface ElementType {
  readonly name: string;
  readonly bytes: number;
  readonly integer: boolean;
  readonly read: (view: DataView, at: number) => number;
}

const conversion = new DataView(new ArrayBuffer(4));

/** The upper half of a float32. */
function bfloatToNumber(bits: number): number {
  conversion.setUint32(0, bits * 65536);
  return conversion.getFloat32(0);
}

/** `TensorProto.DataType` of onnx.proto3. */
export const elementTypes: { readonly [type: number]: ElementType } = {
  1: { name: "float", bytes: 4, integer: false, read: (view, at) => view.getFloat32(at, true) },
  2: { name: "uint8", bytes: 1, integer: true, read: (view, at) => view.getUint8(at) },
  3: { name: "int8", bytes: 1, integer: true, read: (view, at) => view.getInt8(at) },
  4: { name: "uint16", bytes: 2, integer: true, read: (view, at) => view.getUint16(at, true) },
  5: { name: "int16", bytes: 2, integer: true, read: (view, at) => view.getInt16(at, true) },
  6: { name: "int32", bytes: 4, integer: true, read: (view, at) => view.getInt32(at, true) },
  7: { name: "int64", bytes: 8, integer: true, read: (view, at) => Number(view.getBigInt64(at, true)) },
  9: { name: "bool", bytes: 1, integer: true, read: (view, at) => view.getUint8(at) },
  10: { name: "float16", bytes: 2, integer: false, read: (view, at) => halfToNumber(view.getUint16(at, true)) },
  11: { name: "double", bytes: 8, integer: false, read: (view, at) => view.getFloat64(at, true) },
  12: { name: "uint32", bytes: 4, integer: true, read: (view, at) => view.getUint32(at, true) },
  13: { name: "uint64", bytes: 8, integer: true, read: (view, at) => Number(view.getBigUint64(at, true)) },
  16: { name: "bfloat16", bytes: 2, integer: false, read: (view, at) => bfloatToNumber(view.getUint16(at, true)) },
};

/** Reads the numbers of a tensor. Throws `ModelFileError` where they are not as many as its shape says. */
export function readConstant(tensor: OnnxTensor, label: string): Constant {
  const { dims, type, raw, external } = tensor;
  const fail = (what: string): ModelFileError => new ModelFileError(`ONNX file, ${label}: ${what}`);
  const element = elementTypes[type];
  if (element === undefined) {
    throw fail(`its numbers are of type ${type}, which is not read; known are ${knownTypes()}`);
  }
  if (external) {
    throw fail("its numbers lie in another file. Export the model again with all weights in the one file");
  }
  if (dims.length > maxRank) {
    throw fail(`it has ${dims.length} axes; up to ${maxRank} are read`);
  }
  const size = sizeOf(dims);
  if (dims.some((dim) => dim < 0) || !Number.isSafeInteger(size)) {
    throw fail(`its shape is ${formatShape(dims)}`);
  }
  const found = raw === undefined ? listed(tensor).length : raw.length / element.bytes;
  if (found !== size) {
    throw fail(`${found} numbers of type ${element.name} for shape ${formatShape(dims)}, which has ${size}`);
  }
  // float32 holds integers of 16 bits, in less memory.
  const data = element.integer && element.bytes > 2 ? new Float64Array(size) : new Float32Array(size);
  if (raw !== undefined) {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    for (let index = 0; index < size; index++) {
      data[index] = element.read(view, index * element.bytes);
    }
  } else {
    // Halves in a list are their bits.
    const convert = type === 10 ? halfToNumber : type === 16 ? bfloatToNumber : (value: number) => value;
    const list = listed(tensor);
    for (let index = 0; index < size; index++) {
      data[index] = convert(list[index]!);
    }
  }
  return { kind: "constant", data, shape: dims, integer: element.integer };
}

function listed({ type, floats, integers: whole, doubles }: OnnxTensor): NumberList {
  return type === 1 ? floats : type === 11 ? doubles : whole;
}

function knownTypes(): string {
  return Object.values(elementTypes)
    .map(({ name }) => name)
    .join(", ");
}
