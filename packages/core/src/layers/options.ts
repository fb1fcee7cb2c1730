import { checkOptions, expectCount } from "../checkOption.js";
import { formatShape, ShapeError } from "../errors.js";
import type { Shape } from "../ops/definition.js";
import type { PaddingName } from "../ops/window.js";
import { commonOptions } from "./definition.js";

/** A size or step for both spatial axes, or [height, width]. */
export type Pair = number | readonly [number, number];

/** Both paddings by name, for looking up options. */
export const paddings: { readonly [N in PaddingName]: N } = { valid: "valid", same: "same" };

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

/** Throws unless samples are images [H,W,C]. */
export function expectImages(label: string, sample: Shape): void {
  if (sample.length !== 3) {
    throw new ShapeError(`${label} expects samples [H,W,C], got ${formatShape(sample)}`);
  }
}

/** Throws unless samples are sequences [L,C]. */
export function expectSequences(label: string, sample: Shape): void {
  if (sample.length !== 2) {
    throw new ShapeError(`${label} expects samples [L,C], got ${formatShape(sample)}`);
  }
}
