import { constant, integers, negative, normal, times } from "./caseInputs.js";
import type { ConstrainNormAttributes } from "./constraints.js";
import type { Shape } from "./definition.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { exact, roundings } from "./tolerances.js";

function norm(
  shape: Shape,
  kind: ConstrainNormAttributes["kind"],
  axes: readonly number[],
  { limit = 1, parameter = normal(shape), note = "" } = {},
): OpCase<"constrainNorm"> {
  return {
    op: "constrainNorm",
    name: `${times(shape)}, ${kind} ${limit} over ${axes.join(",")}${note && `, ${note}`}`,
    attributes: { kind, limit, axes },
    inputs: [parameter],
    tolerance: { ...roundings, relative: 1e-5, why: "a sum of squares, a root and a division" },
  };
}

export const constrainNormCases: readonly OpCase<"constrainNorm">[] = [
  norm([1], "max", [0]),
  norm([67], "max", [0], { limit: 2 }),
  norm([67], "unit", [0]),
  // Kernels of dense layers: one norm for each output, or for each input.
  norm([33, 5], "max", [0], { limit: 2 }),
  norm([33, 5], "unit", [0]),
  norm([5, 33], "unit", [1]),
  norm([300, 17], "max", [0], { limit: 3 }),
  norm([7, 9], "max", [0, 1], { limit: 2 }),
  norm([3, 4, 5], "unit", [1]),
  norm([3, 4, 5], "max", [0, 2], { limit: 1.5 }),
  // Kernels of convolutions: one norm for each filter.
  norm([3, 3, 5, 7], "max", [0, 1, 2], { limit: 2 }),
  norm([3, 3, 5, 7], "unit", [0, 1, 2]),
  norm([2, 3, 4, 5], "unit", [0, 3]),
  norm([2, 3, 4, 5], "unit", [0, 1, 2, 3]),
  norm([3, 3, 16, 32], "max", [0, 1, 2], { limit: 4 }),
  // Some vectors above the limit, some below; all below.
  norm([9, 33], "max", [0], { limit: 3, note: "on both sides" }),
  norm([9, 33], "max", [0], { limit: 100, note: "below" }),
  norm([9, 5], "unit", [0], { parameter: constant([9, 5], 0), note: "all 0" }),
  norm([9, 5], "max", [0], { parameter: constant([9, 5], 0), note: "all 0" }),
  // As small as the number that is added to the norm.
  norm([9, 5], "unit", [0], { parameter: normal([9, 5], 1e-7), note: "tiny" }),
];

function clipped(parameter: CaseInput, note = ""): OpCase<"nonNegative"> {
  return {
    op: "nonNegative",
    name: `${times(parameter.shape)}${note && `, ${note}`}`,
    attributes: {},
    inputs: [parameter],
    tolerance: exact,
  };
}

export const nonNegativeCases: readonly OpCase<"nonNegative">[] = [
  clipped(normal([1])),
  clipped(normal([67])),
  clipped(normal([33, 5])),
  clipped(normal([3, 3, 5, 7])),
  clipped(negative([1001]), "negative"),
  clipped(integers([65]), "integers"),
];
