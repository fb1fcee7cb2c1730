import { choice, normal, rows, times, uniform } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { formula, sum } from "./tolerances.js";

function loss(shape: Shape, weights?: CaseInput, note?: string): OpCase<"meanSquaredError"> {
  return {
    op: "meanSquaredError",
    name: [times(shape), ...(weights ? ["weights"] : []), ...(note ? [note] : [])].join(", "),
    attributes: {},
    inputs: [normal(shape), normal(shape), ...(weights ? [weights] : [])],
    tolerance: sum(rows(shape)),
    differentiate: [{ input: 0, tolerance: formula }],
  };
}

export const meanSquaredErrorCases: readonly OpCase<"meanSquaredError">[] = [
  loss([1, 1]),
  loss([7, 1]),
  loss([64, 10]),
  loss([5, 17]),
  loss([3, 784]),
  loss([2, 3, 4, 5]),
  loss([9, 4], uniform([9], 0.1, 2)),
  loss([9, 4], choice([9], [0, 1]), "some 0"),
  loss([2, 3, 4, 3], uniform([2, 3, 4], 0, 2)),
];
