import { ShapeError } from "../errors.js";
import type { Tensor, TensorData } from "../tensor.js";
import { isTensor, type NestedNumbers, type TensorInput, toTensor } from "../tensorInput.js";
import type { Elements } from "./stages.js";

/** Arrays of as many samples: one, several, or several by name. */
export type Arrays = TensorInput | readonly TensorInput[] | { readonly [name: string]: TensorInput };

/** A sample of an array: a number of a typed array, a tensor of a tensor. */
export type Row<T> =
  T extends Tensor<infer D>
    ? Tensor<D>
    : T extends TensorData
      ? number
      : T extends NestedNumbers
        ? Tensor<Float32Array>
        : never;

/** A sample of arrays: of one, or an array or object of those of each. A list of numbers has them as its elements. */
export type RowOf<A> = A extends readonly number[]
  ? number
  : A extends Tensor | TensorData
    ? Row<A>
    : A extends readonly unknown[] | { readonly [name: string]: unknown }
      ? { -readonly [K in keyof A]: Row<A[K]> }
      : never;

/** Gives the sample at a position, and the batch of those at several. */
interface RowSource {
  readonly rows: number;
  readonly row: (index: number) => unknown;
  readonly batch: (indices: readonly number[]) => unknown;
}

/** Samples of arrays; undefined where the value is something else. Throws for arrays that are empty, ragged or not of one length. */
export function arrayRows(source: unknown): RowSource | undefined {
  if (isNumbers(source)) {
    return rowsOf("the array", source);
  }
  if (typeof source !== "object" || source === null) {
    return undefined;
  }
  const isTuple = Array.isArray(source);
  const entries = Object.entries(source);
  const plain = isTuple || Object.getPrototypeOf(source) === Object.prototype;
  if (!plain || entries.length === 0 || !entries.every(([, part]) => isNumbers(part) || isNested(part))) {
    return undefined;
  }
  const parts = entries.map(([name, part]) => rowsOf(isTuple ? `array ${name}` : `"${name}"`, part));
  const rows = parts[0]!.rows;
  parts.forEach((part, index) => {
    if (part.rows !== rows) {
      const label = (at: number): string => (isTuple ? `array ${at}` : `"${entries[at]![0]}"`);
      throw new ShapeError(
        `dataset: ${label(index)} has ${part.rows} samples, ${label(0)} has ${rows}; there must be as many of each`,
      );
    }
  });
  const together = (values: readonly unknown[]): unknown =>
    isTuple ? values : Object.fromEntries(entries.map(([name], at) => [name, values[at]]));
  return {
    rows,
    row: (index) => together(parts.map(({ row }) => row(index))),
    batch: (indices) => together(parts.map(({ batch }) => batch(indices))),
  };
}

/** All samples in their order. */
export async function* rowElements<T>({ rows, row }: RowSource): Elements<T> {
  for (let index = 0; index < rows; index++) {
    yield row(index) as T;
  }
}

function rowsOf(what: string, input: TensorInput): RowSource {
  const { data, shape, scale } = toTensor(`dataset: ${what}`, input);
  const [rows = 0, ...sample] = shape;
  if (ArrayBuffer.isView(input)) {
    return {
      rows,
      row: (index) => data[index],
      // As numbers are put together.
      batch: (indices) => ({ data: Float32Array.from(indices, (index) => data[index]!), shape: [indices.length] }),
    };
  }
  const size = data.length / rows;
  const extras = scale === undefined ? {} : { scale };
  return {
    rows,
    row: (index) => ({ data: data.subarray(index * size, (index + 1) * size), shape: sample, ...extras }),
    batch: (indices) => ({ data: gathered(data, size, indices), shape: [indices.length, ...sample], ...extras }),
  };
}

/** Copies of rows; those that follow each other are copied at once. */
function gathered(data: TensorData, size: number, indices: readonly number[]): TensorData {
  const result = new (data.constructor as new (length: number) => TensorData)(indices.length * size);
  for (let first = 0, end = 1; first < indices.length; first = end, end++) {
    while (end < indices.length && indices[end] === indices[end - 1]! + 1) {
      end++;
    }
    result.set(data.subarray(indices[first]! * size, (indices[end - 1]! + 1) * size), first * size);
  }
  return result;
}

function isNumbers(value: unknown): value is Tensor | TensorData {
  return isTensor(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** Arrays of numbers in arrays; a plain array of strings, say, is a list of elements. */
function isNested(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && (typeof value[0] === "number" || isNested(value[0]));
}
