import { choice, normal, times, uniform } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { formula } from "./tolerances.js";

interface Bounds {
  readonly low: number;
  readonly high: number;
}

const unit: Bounds = { low: 0, high: 1 };
const bytes: Bounds = { low: 0, high: 255 };
/** None, as far as float32 goes. */
const unbounded: Bounds = { low: -3e38, high: 3e38 };

function boundsName({ low, high }: Bounds): string {
  return high > 1e38 ? "unbounded" : `${low} to ${high}`;
}

function scaled(input: CaseInput, factors: CaseInput, bounds: Bounds): OpCase<"scaleChannels"> {
  return {
    op: "scaleChannels",
    name: `${times(input.shape)}, ${boundsName(bounds)}`,
    attributes: { ...bounds },
    inputs: [input, factors],
    tolerance: formula,
  };
}

function shifts(shape: Shape): CaseInput {
  return normal([shape[0]!, 2 * shape[shape.length - 1]!]);
}

export const scaleChannelsCases: readonly OpCase<"scaleChannels">[] = [
  ...(
    [
      [1, 1],
      [5, 13],
      [1, 3, 3, 1],
      [3, 5, 7, 1],
      [3, 5, 7, 2],
      [3, 5, 7, 3],
      [2, 4, 5, 4],
      [2, 3, 5, 17],
      [4, 9, 6],
    ] as const
  ).map((shape) => scaled(normal(shape), shifts(shape), { low: -0.75, high: 1.25 })),
  scaled(normal([4, 5, 5, 3]), shifts([4, 5, 5, 3]), unbounded),
  scaled(uniform([3, 28, 28, 1], 0, 1), choice([3, 2], [-1, 0, 1]), unit),
  scaled(uniform([3, 8, 8, 3], 0, 255), choice([3, 6], [-1, 0.5, 1, 255]), bytes),
];

function contrast(input: CaseInput, bounds: Bounds): OpCase<"adjustContrast"> {
  const [batch, , , channels] = input.shape as [number, number, number, number];
  const size = bounds.high > 1e38 ? 1 : bounds.high;
  return {
    op: "adjustContrast",
    name: `${times(input.shape)}, ${boundsName(bounds)}`,
    attributes: { ...bounds },
    inputs: [input, uniform([batch, 1, 1, channels], 0, size), uniform([batch], 0, 2)],
    tolerance: { ...formula, absolute: formula.absolute * size },
  };
}

export const adjustContrastCases: readonly OpCase<"adjustContrast">[] = [
  contrast(uniform([1, 1, 1, 1], 0, 1), unit),
  ...[1, 2, 3, 4, 19].map((channels) => contrast(uniform([3, 5, 6, channels], 0, 1), unit)),
  contrast(normal([3, 5, 6, 3]), unbounded),
  contrast(uniform([2, 28, 28, 1], 0, 255), bytes),
];

function colours(input: CaseInput, factors: CaseInput, bounds: Bounds, what: string): OpCase<"adjustHsv"> {
  return {
    op: "adjustHsv",
    name: `${times(input.shape)}, ${what}, ${boundsName(bounds)}`,
    attributes: { ...bounds },
    inputs: [input, factors],
    tolerance: {
      relative: 1e-5,
      absolute: 1e-5 * (bounds.high - bounds.low),
      why: "two dozen roundings of numbers up to the range, one of them of a hue in sixths of a turn",
    },
  };
}

export const adjustHsvCases: readonly OpCase<"adjustHsv">[] = [
  colours(uniform([1, 1, 1, 3], 0, 1), uniform([1, 2], 0, 1), unit, "one pixel"),
  colours(uniform([5, 7, 5, 3], 0, 1), uniform([5, 2], -1, 2), unit, "turned both ways"),
  colours(uniform([3, 6, 9, 3], 0, 255), uniform([3, 2], 0, 1), bytes, "less saturated"),
  colours(uniform([3, 6, 9, 3], -1, 1), uniform([3, 2], 0, 3), { low: -1, high: 1 }, "more saturated"),
  // Grey, black, white, the corners of the cube: where formulas divide by 0 and hues jump.
  colours(choice([6, 9, 9, 3], [0, 0.5, 1]), choice([6, 2], [0, 0.5, 1]), unit, "ties"),
  colours(choice([6, 9, 9, 3], [0, 255]), choice([6, 2], [-1, 0, 1 / 3, 1]), bytes, "corners"),
  colours(choice([2, 5, 5, 3], [0.25]), uniform([2, 2], 0, 5), unit, "grey"),
];
