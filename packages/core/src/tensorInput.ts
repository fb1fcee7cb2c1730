import { DataError, formatShape, ShapeError } from "./errors.js";
import type { Tensor, TensorData } from "./tensor.js";

/** Numbers nested as deep as they have dimensions. */
export type NestedNumbers = readonly number[] | readonly NestedNumbers[];

/** What `fit`, `evaluate` and `predict` take: a tensor, nested arrays, or a typed array of one number per sample. */
export type TensorInput = Tensor | NestedNumbers | TensorData;

/** A tensor from what the user gave. Throws `DataError` or `ShapeError` when it is empty, ragged or does not fill its shape. */
export function toTensor(what: string, input: TensorInput): Tensor {
  if (isTensor(input)) {
    return checked(what, input);
  }
  if (ArrayBuffer.isView(input)) {
    return checked(what, { data: input, shape: [input.length] });
  }
  if (!Array.isArray(input)) {
    throw new DataError(
      `${what} is ${describe(input)}; pass { data, shape }, a typed array or nested arrays of numbers`,
    );
  }
  const shape = nestedShape(what, input);
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  flattenInto(what, input, shape, 0, data, 0);
  return checked(what, { data, shape });
}

function describe(value: unknown): string {
  return value === null ? "null" : typeof value;
}

/** Whether it is numbers with a shape. */
export function isTensor(input: unknown): input is Tensor {
  return typeof input === "object" && input !== null && "data" in input && "shape" in input;
}

function checked(what: string, tensor: Tensor): Tensor {
  const { data, shape } = tensor;
  if (data.length === 0 || shape.length === 0) {
    throw new DataError(`${what} is empty (shape ${formatShape(shape)}); pass at least one sample`);
  }
  const size = shape.reduce((product, length) => product * length, 1);
  if (size !== data.length) {
    throw new ShapeError(`${what} has ${data.length} numbers, shape ${formatShape(shape)} needs ${size}`);
  }
  return tensor;
}

function nestedShape(what: string, input: NestedNumbers): number[] {
  const shape: number[] = [];
  for (let level: NestedNumbers | number = input; Array.isArray(level); level = level[0] as NestedNumbers | number) {
    if (level.length === 0) {
      throw new DataError(`${what} is empty (shape ${formatShape([...shape, 0])}); pass at least one sample`);
    }
    shape.push(level.length);
  }
  return shape;
}

/** Copies one level and returns where the next begins. */
function flattenInto(
  what: string,
  level: NestedNumbers,
  shape: readonly number[],
  depth: number,
  data: Float32Array,
  start: number,
): number {
  if (!Array.isArray(level) || level.length !== shape[depth]) {
    const found = Array.isArray(level) ? `${level.length} entries` : describe(level);
    throw new ShapeError(`${what} is ragged: expected ${shape[depth]} entries in dimension ${depth}, found ${found}`);
  }
  let position = start;
  for (const entry of level) {
    if (depth === shape.length - 1) {
      if (typeof entry !== "number") {
        throw new DataError(`${what} holds ${describe(entry)} where a number is expected`);
      }
      data[position++] = entry;
    } else {
      position = flattenInto(what, entry as NestedNumbers, shape, depth + 1, data, position);
    }
  }
  return position;
}
