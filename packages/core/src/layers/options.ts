import { checkOptions, expectCount } from "../checkOption.js";
import { commonOptions } from "./definition.js";

/** A size or step for both spatial axes, or [height, width]. */
export type Pair = number | readonly [number, number];

/** [height, width] of a pair option. */
export function toPair(what: string, value: Pair): [number, number] {
  const [height, width] = typeof value === "number" ? [value, value] : value;
  return [expectCount(what, height), expectCount(what, width)];
}

/**
 * The options of a layer, which takes these `own` ones and those that every layer takes. Throws `ArgumentError` for another one,
 * and where a required one is missing.
 */
export function layerOptions<T extends object>(
  what: string,
  options: T,
  own: readonly string[] = [],
  required: readonly string[] = [],
): T {
  return checkOptions(what, options, [...own, ...commonOptions], required);
}
