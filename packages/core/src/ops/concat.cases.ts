import { normal, times } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { OpCase } from "./opCase.js";
import { exact } from "./tolerances.js";

/** Inputs of `shape` with these sizes along the axis. */
function concatOf(shape: Shape, axis: number, ...sizes: readonly number[]): OpCase<"concat"> {
  const inputs = sizes.map((size) => normal(shape.with(axis, size)));
  return {
    op: "concat",
    name: `${inputs.map((input) => times(input.shape)).join(" and ")}, axis ${axis}`,
    attributes: { axis },
    inputs,
    tolerance: exact,
    differentiate: inputs.map((_, input) => ({ input, tolerance: exact })),
  };
}

export const concatCases: readonly OpCase<"concat">[] = [
  concatOf([1, 1], 1, 1, 1),
  concatOf([5, 1], 1, 3, 7),
  concatOf([1, 4], 0, 2, 5),
  concatOf([3, 1], 1, 64, 64, 64),
  concatOf([2, 1, 3], 1, 1, 4),
  concatOf([2, 3, 5, 1], 3, 3, 8, 1, 5),
  concatOf([2, 1, 3, 4], 1, 2, 3),
  concatOf([2, 3, 1, 5], 2, 7, 1, 2),
  concatOf([1, 3, 2, 5], 0, 1, 2),
  concatOf([2, 13, 13, 1], 3, 32, 16),
];
