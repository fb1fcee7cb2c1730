import { ArgumentError } from "../../errors.js";
import { lookUp } from "../../names.js";
import type { Interpolation } from "../../ops/resize2d.js";
import type { FillMode } from "../../ops/warp2d.js";
import type { Sampling } from "../definition.js";

/** A number, from which Keras makes a range, or the range [lower, upper] itself. */
export type Factor = number | readonly [number, number];

/** [lower, upper] */
export type Range = readonly [number, number];

/**
 * Keras' range of a factor: of a number f that is [-f, f], or [0, f] where `bounds` begin at 0. Throws `ArgumentError` for anything
 * outside the bounds.
 */
export function toRange(what: string, factor: Factor, bounds: Range): Range {
  const [lowest, highest] = bounds;
  const given = typeof factor === "number" ? [factor] : factor;
  const fits = Array.isArray(given) && given.every((bound) => bound >= lowest && bound <= highest);
  if (!fits || given.length !== (typeof factor === "number" ? 1 : 2)) {
    throw new ArgumentError(
      `${what} is ${JSON.stringify(factor)}, expected a number or two from ${lowest} to ${highest}`,
    );
  }
  const [first, second = first] = given as [number, number?];
  return typeof factor === "number"
    ? [Math.max(-Math.abs(first), lowest), Math.abs(first)]
    : [Math.min(first, second), Math.max(first, second)];
}

/** The lowest and the highest value of the pixels. Throws `ArgumentError` unless the second is larger. */
export function toValueRange(what: string, range: Range = [0, 255]): Range {
  const [low, high, ...more] = Array.isArray(range) ? (range as readonly number[]) : [Number.NaN];
  if (!(Number.isFinite(low) && Number.isFinite(high) && low! < high!) || more.length > 0) {
    throw new ArgumentError(
      `${what} is ${JSON.stringify(range)}, expected the lowest and the highest value, such as [0, 1]`,
    );
  }
  return [low!, high!];
}

/** How layers that move pixels read between and beyond them. */
export interface SamplingOptions {
  /**
   * What lies beyond the edges of an image a b c d: "reflect" (default) d c b a | a b c d | d c b a, "wrap" a b c d | a b c d | a b c d,
   * "constant" k k k k | a b c d | k k k k, "nearest" a a a a | a b c d | d d d d.
   */
  readonly fillMode?: FillMode;
  /** The k of "constant", as it is after what the layers before give; default 0. */
  readonly fillValue?: number;
  /** Default "bilinear". */
  readonly interpolation?: Interpolation;
}

/** The options of `SamplingOptions`. */
export const samplingOptions: readonly (keyof SamplingOptions)[] = ["fillMode", "fillValue", "interpolation"];

const fillModes: { readonly [M in FillMode]: M } = {
  reflect: "reflect",
  wrap: "wrap",
  constant: "constant",
  nearest: "nearest",
};

const interpolations: { readonly [I in Interpolation]: I } = { nearest: "nearest", bilinear: "bilinear" };

/** Checked and filled in with Keras' defaults. */
export function toSampling(what: string, options: SamplingOptions): Sampling {
  const { fillMode = "reflect", fillValue = 0, interpolation = "bilinear" } = options;
  if (!Number.isFinite(fillValue)) {
    throw new ArgumentError(`${what}: fillValue is ${fillValue}, expected a finite number`);
  }
  return {
    interpolation: lookUp("interpolation", interpolation, interpolations),
    fillMode: lookUp("fill mode", fillMode, fillModes),
    fillValue,
  };
}
