import { formatShape } from "../errors.js";
import type { Shape } from "../ops/definition.js";
import type { Tolerance } from "../ops/opCase.js";
import type { TensorData } from "../tensor.js";
import { ConformanceFailure } from "./failure.js";

/** Throws a `ConformanceFailure` where `actual` is further from `expected` than the tolerance allows, naming the worst place. */
export function expectClose(
  what: string,
  actual: TensorData,
  expected: TensorData,
  shape: Shape,
  tolerance: Tolerance,
): void {
  if (actual.length !== expected.length) {
    throw new ConformanceFailure(`${what} has ${actual.length} elements, expected ${expected.length}`);
  }
  let worst = -1;
  let worstExcess = 0;
  let wrong = 0;
  for (let index = 0; index < expected.length; index++) {
    const excess = difference(actual[index]!, expected[index]!) - allowed(expected[index]!, tolerance);
    if (excess > 0) {
      wrong++;
      if (excess > worstExcess) {
        worstExcess = excess;
        worst = index;
      }
    }
  }
  if (wrong > 0) {
    const [got, wanted] = [actual[worst]!, expected[worst]!];
    throw new ConformanceFailure(
      `${what} ${formatShape(shape)} at ${position(worst, shape)} is ${got}, expected ${wanted}: off by ` +
        `${difference(got, wanted)}, allowed ${allowed(wanted, tolerance)} (${tolerance.why}); ` +
        `${wrong} of ${expected.length} elements differ`,
    );
  }
}

/**
 * Throws unless two runs gave the very same numbers.
 * @param reason the rule that was broken if they did not
 */
export function expectIdentical(
  what: string,
  again: TensorData,
  first: TensorData,
  shape: Shape,
  reason = "over the same inputs results must not depend on the order of execution or on what memory held before",
): void {
  const index = first.findIndex((value, at) => !Object.is(value, again[at]));
  if (index >= 0) {
    throw new ConformanceFailure(
      `${what} ${formatShape(shape)} at ${position(index, shape)} is ${first[index]} in one run and ${again[index]} in the ` +
        `next; ${reason}`,
    );
  }
}

/** Infinite where only one is NaN, or where one is infinite and the other is not. */
function difference(actual: number, expected: number): number {
  if (Object.is(actual, expected) || actual === expected) {
    return 0;
  }
  const off = Math.abs(actual - expected);
  return Number.isNaN(off) ? Infinity : off;
}

function allowed(expected: number, { relative, absolute }: Tolerance): number {
  return Number.isFinite(expected) ? absolute + relative * Math.abs(expected) : absolute;
}

/** `[0,3,1]` from the index in row-major order. */
export function position(index: number, shape: Shape): string {
  const coordinates: number[] = [];
  let rest = index;
  for (const size of shape.toReversed()) {
    coordinates.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return formatShape(coordinates);
}
