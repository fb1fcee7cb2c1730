import { ArgumentError, formatShape } from "../errors.js";
import { type Shape, sizeOf } from "../ops/definition.js";
import type { RandomStream } from "../random/index.js";
import type { Initializer } from "./initializer.js";

/** Settings of `orthogonal` and `identity`. */
export interface MatrixOptions {
  /** Factor of the matrix; default 1. */
  readonly gain?: number;
}

/**
 * An orthogonal matrix times `gain`, evenly drawn from all of them (Saxe et al., 2014). A kernel counts as the matrix
 * [all axes but the last, last axis], whose columns are orthonormal, or its rows where there are fewer of them. Keras'
 * `Orthogonal`. `draw` throws `ArgumentError` for a shape of fewer than two axes.
 */
export function orthogonal({ gain = 1 }: MatrixOptions = {}): Initializer {
  return {
    name: "orthogonal",
    className: "Orthogonal",
    config: { gain },
    draw(shape, random) {
      if (shape.length < 2) {
        throw new ArgumentError(`orthogonal: shape ${formatShape(shape)} is no matrix, expected at least two axes`);
      }
      const columns = shape.at(-1) as number;
      const rows = sizeOf(shape) / columns;
      const vectors = orthonormalVectors(Math.min(rows, columns), Math.max(rows, columns), random);
      const wide = rows < columns;
      return Float32Array.from({ length: rows * columns }, (_, index) => {
        const [row, column] = [Math.floor(index / columns), index % columns];
        return gain * (wide ? vectors[row]![column]! : vectors[column]![row]!);
      });
    },
  };
}

/**
 * `count` orthonormal vectors of `length` numbers: normally distributed ones, each freed of its parts along those before it
 * (Gram and Schmidt). That is the factor Q of a QR decomposition whose R has a positive diagonal, and is evenly distributed.
 */
function orthonormalVectors(count: number, length: number, random: RandomStream): Float64Array[] {
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => random.normal());
    // Once more makes up for the rounding of the first time ("twice is enough", Giraud et al., 2005).
    for (const other of [...vectors, ...vectors]) {
      subtractAlong(vector, other);
    }
    const norm = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((value) => value / norm));
  }
  return vectors;
}

function subtractAlong(vector: Float64Array, unit: Float64Array): void {
  const share = dot(vector, unit);
  for (let i = 0; i < vector.length; i++) {
    vector[i] = (vector[i] as number) - share * (unit[i] as number);
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    sum += (a[i] as number) * (b[i] as number);
  }
  return sum;
}

/**
 * Ones on the diagonal times `gain`, zeros elsewhere: for square and oblong matrices. Keras' `Identity`. `draw` throws
 * `ArgumentError` for a shape that does not have two axes.
 */
export function identity({ gain = 1 }: MatrixOptions = {}): Initializer {
  return {
    name: "identity",
    className: "Identity",
    config: { gain },
    draw(shape: Shape) {
      if (shape.length !== 2) {
        throw new ArgumentError(`identity: shape ${formatShape(shape)} is no matrix, expected two axes`);
      }
      const [rows, columns] = shape as readonly [number, number];
      const values = new Float32Array(rows * columns);
      for (let i = 0; i < Math.min(rows, columns); i++) {
        values[i * columns + i] = gain;
      }
      return values;
    },
  };
}
