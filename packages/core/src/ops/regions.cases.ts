import { choice, givenWords, labels, normal, order, times, uniform } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { exact, sum } from "./tolerances.js";

/** Whole images, none, one pixel, parts, and boxes that reach beyond the edges. */
const boxes = [
  [0, 0, 99, 99],
  [2, 2, 2, 5],
  [1, 2, 2, 3],
  [0, 1, 3, 4],
  [-5, -2, 2, 99],
  [3, 3, 1, 1],
];

function filled(shape: Shape, fill: boolean): OpCase<"fillBoxes"> {
  const [batch, , , channels] = shape as [number, number, number, number];
  const given = Array.from({ length: batch }, (_, n) => boxes[n % boxes.length]!).flat();
  return {
    op: "fillBoxes",
    name: `${times(shape)}, from ${fill ? "a tensor" : "values"}`,
    attributes: { values: fill ? [] : Array.from({ length: channels }, (_, c) => c + 0.5) },
    inputs: [normal(shape), givenWords([batch, 4], given), ...(fill ? [normal(shape)] : [])],
    tolerance: exact,
  };
}

export const fillBoxesCases: readonly OpCase<"fillBoxes">[] = [true, false].flatMap((fill) => [
  filled([1, 1, 1, 1], fill),
  ...[1, 2, 3, 4, 9].map((channels) => filled([6, 5, 6, channels], fill)),
  filled([12, 28, 28, 1], fill),
]);

function mixed(input: CaseInput, partners: CaseInput, weights: CaseInput | undefined, what: string): OpCase<"mixRows"> {
  return {
    op: "mixRows",
    name: `${times(input.shape)}, ${what}`,
    attributes: {},
    inputs: [input, partners, ...(weights ? [weights] : [])],
    tolerance: weights ? sum(2) : exact,
  };
}

export const mixRowsCases: readonly OpCase<"mixRows">[] = [
  ...(
    [
      [1, 1],
      [7, 10],
      [5, 3, 3, 1],
      [8, 5, 7, 3],
      [6, 33],
      [3, 4, 5],
    ] as const
  ).flatMap((shape) => [
    mixed(normal(shape), order(shape[0]), uniform([shape[0]], 0, 1), "weighted"),
    mixed(normal(shape), order(shape[0]), undefined, "exchanged"),
  ]),
  mixed(normal([9, 13]), labels([9], 9), choice([9], [0, 1]), "one or the other"),
  mixed(normal([9, 13]), givenWords([9], Array(9).fill(4)), uniform([9], 0, 1), "all with one"),
];

function blurred(shape: Shape, size: number, axis: 1 | 2): OpCase<"filterAxis"> {
  return {
    op: "filterAxis",
    name: `${times(shape)} by ${size} along ${axis === 1 ? "the height" : "the width"}`,
    attributes: { axis },
    inputs: [normal(shape), normal([shape[0]!, size])],
    tolerance: sum(size),
  };
}

export const filterAxisCases: readonly OpCase<"filterAxis">[] = ([1, 2] as const).flatMap((axis) => [
  blurred([1, 1, 1, 1], 1, axis),
  ...[1, 2, 3, 4, 9].map((channels) => blurred([3, 6, 7, channels], 3, axis)),
  // Kernels longer than the image.
  blurred([2, 3, 4, 3], 9, axis),
  blurred([2, 28, 28, 1], 5, axis),
  blurred([2, 1, 17, 2], 7, axis),
]);
