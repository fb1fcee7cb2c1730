import { expectCount } from "../checkOption.js";
import { DataError, formatShape, ShapeError } from "../errors.js";
import type { Tensor, TensorData } from "../tensor.js";

/** Class numbers, or scores a row: a tensor, a typed array or nested arrays. */
export type ClassInput = Tensor | TensorData | readonly number[] | readonly (readonly number[])[];

/** Settings of `confusionMatrix`. */
export interface ConfusionMatrixOptions {
  /** Number of classes; default: as many as the data show. */
  readonly classes?: number;
}

/**
 * How often each class was taken for which: rows are labels, columns predictions. Both may be class numbers, or rows of one
 * number a class, of which the largest counts (one-hot labels, what `predict` gives). Rows of a single number are class
 * numbers, or probabilities of class 1, which is taken above 0.5. Throws `ShapeError` where the two differ in rows, `DataError`
 * for numbers that are no classes.
 */
export function confusionMatrix(
  labels: ClassInput,
  predictions: ClassInput,
  options: ConfusionMatrixOptions = {},
): number[][] {
  const [actual, predicted] = [classesOf("labels", labels), classesOf("predictions", predictions)];
  if (actual.numbers.length !== predicted.numbers.length) {
    throw new ShapeError(
      `confusionMatrix: labels are ${actual.numbers.length} rows, predictions ${predicted.numbers.length}; pass as many of both`,
    );
  }
  const size = expectCount(
    "confusionMatrix: classes",
    options.classes ?? Math.max(1, actual.classes, predicted.classes),
  );
  expectClasses("labels", actual.numbers, size);
  expectClasses("predictions", predicted.numbers, size);
  const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  actual.numbers.forEach((label, row) => {
    matrix[label]![predicted.numbers[row]!]!++;
  });
  return matrix;
}

interface Classes {
  readonly numbers: readonly number[];
  /** How many classes there are at least. */
  readonly classes: number;
}

function classesOf(what: string, input: ClassInput): Classes {
  const { data, shape } = asTensor(what, input);
  const width = shape.length > 1 && !(data instanceof Int32Array) ? (shape.at(-1) as number) : 1;
  if (width > 1) {
    const numbers = Array.from({ length: data.length / width }, (_, row) =>
      largest(data.subarray(row * width, (row + 1) * width)),
    );
    return { numbers, classes: width };
  }
  const numbers = Array.from(data, (value) => (value > 0 && value < 1 ? Number(value > 0.5) : value));
  return { numbers, classes: numbers.reduce((most, value) => Math.max(most, isClass(value) ? value + 1 : 0), 0) };
}

function isClass(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

function expectClasses(what: string, numbers: readonly number[], classes: number): void {
  const position = numbers.findIndex((value) => !isClass(value) || value >= classes);
  if (position >= 0) {
    throw new DataError(
      `confusionMatrix: ${what} hold ${numbers[position]} at position ${position}, ` +
        `expected class numbers from 0 to ${classes - 1}`,
    );
  }
}

/** Position of the largest number, the first of equals. */
function largest(scores: TensorData): number {
  let best = 0;
  scores.forEach((score, index) => {
    best = score > scores[best]! ? index : best;
  });
  return best;
}

function asTensor(what: string, input: ClassInput): Tensor {
  if ("data" in input) {
    const { data, shape } = input;
    if (data.length !== shape.reduce((product, size) => product * size, 1)) {
      throw new ShapeError(
        `confusionMatrix: ${what} has ${data.length} numbers, shape ${formatShape(shape)} needs others`,
      );
    }
    return input;
  }
  if (ArrayBuffer.isView(input)) {
    return { data: input, shape: [input.length] };
  }
  const rows = input.map((row) => (typeof row === "number" ? [row] : row));
  const width = rows[0]?.length ?? 0;
  const ragged = rows.findIndex((row) => row.length !== width);
  if (ragged >= 0) {
    throw new ShapeError(
      `confusionMatrix: ${what} is ragged: row ${ragged} has ${rows[ragged]!.length} numbers, the first has ${width}`,
    );
  }
  return { data: Float64Array.from(rows.flat()), shape: [rows.length, width] };
}
