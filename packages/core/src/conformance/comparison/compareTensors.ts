import { ArgumentError } from "../../errors.js";
import type { TensorData } from "../../tensor.js";

/** How far two tensors may be apart. */
export interface ComparisonTolerance {
  /** Share of the element of A; default 1e-4. */
  readonly relative?: number;
  /** Share of the largest element of A's tensor; default 1e-5. */
  readonly absolute?: number;
}

/** The tolerance with its defaults. Throws `ArgumentError` for what is no number from 0 on. */
export function resolveTolerance({
  relative = 1e-4,
  absolute = 1e-5,
}: ComparisonTolerance): Required<ComparisonTolerance> {
  for (const [name, value] of Object.entries({ relative, absolute })) {
    if (!(value >= 0)) {
      throw new ArgumentError(`comparePlans: tolerance.${name} is ${value}, expected a number of at least 0`);
    }
  }
  return { relative, absolute };
}

/** Two tensors element by element. */
export interface TensorComparison {
  /** Largest `|a - b|`; infinite where only one of the two is finite. */
  readonly maxError: number;
  /** Number of elements that are further apart than allowed. */
  readonly differing: number;
  /** Position of the first of them; undefined where there is none. */
  readonly first?: number;
  /** What is allowed there. */
  readonly allowed: number;
}

/**
 * Compares `b` with `a`. Integers must be equal; of others `|a - b|` may be `relative * |a| + absolute * max |a|`.
 * @param accepts whether an element that is too far off is right all the same
 */
export function compareTensors(
  a: TensorData,
  b: TensorData,
  { relative, absolute }: Required<ComparisonTolerance>,
  accepts: (index: number) => boolean = () => false,
): TensorComparison {
  const isInteger = !(a instanceof Float32Array || a instanceof Float64Array);
  const floor = isInteger ? 0 : absolute * largestFinite(a);
  const share = isInteger ? 0 : relative;
  let [maxError, differing, first, firstAllowed] = [0, 0, -1, 0];
  for (let index = 0; index < a.length; index++) {
    const [expected, actual] = [a[index]!, b[index]!];
    if (Object.is(expected, actual) || expected === actual) {
      continue;
    }
    const error = Math.abs(expected - actual);
    const off = Number.isNaN(error) ? Infinity : error;
    const allowed = floor + (Number.isFinite(expected) ? share * Math.abs(expected) : 0);
    if (off > allowed && accepts(index)) {
      continue;
    }
    maxError = Math.max(maxError, off);
    if (off > allowed) {
      differing++;
      if (first < 0) {
        [first, firstAllowed] = [index, allowed];
      }
    }
  }
  return { maxError, differing, ...(first < 0 ? {} : { first }), allowed: firstAllowed };
}

/** Largest absolute number that is finite. */
export function largestFinite(data: TensorData): number {
  let largest = 0;
  for (const value of data) {
    const size = Math.abs(value);
    if (size > largest && size < Infinity) {
      largest = size;
    }
  }
  return largest;
}
