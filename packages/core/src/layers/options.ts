import { expectCount } from "../checkOption.js";

/** A size or step for both spatial axes, or [height, width]. */
export type Pair = number | readonly [number, number];

/** [height, width] of a pair option. */
export function toPair(what: string, value: Pair): [number, number] {
  const [height, width] = typeof value === "number" ? [value, value] : value;
  return [expectCount(what, height), expectCount(what, width)];
}
