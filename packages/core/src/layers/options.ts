import { ArgumentError } from "../errors.js";

/** A size or step for both spatial axes, or [height, width]. */
export type Pair = number | readonly [number, number];

/** Throws unless `value` is an integer of at least `least`. */
export function positiveInteger(what: string, value: number, least = 1): number {
  if (!Number.isInteger(value) || value < least) {
    throw new ArgumentError(`${what} is ${value}, expected an integer of at least ${least}`);
  }
  return value;
}

/** [height, width] of a pair option. */
export function toPair(what: string, value: Pair): [number, number] {
  const [height, width] = typeof value === "number" ? [value, value] : value;
  return [positiveInteger(what, height), positiveInteger(what, width)];
}
