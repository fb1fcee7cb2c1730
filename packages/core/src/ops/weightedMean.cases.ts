import { choice, normal, rows, times, uniform } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { formula, sum } from "./tolerances.js";

function mean(shape: Shape, weights?: CaseInput, note?: string): OpCase<"weightedMean"> {
  return {
    op: "weightedMean",
    name: [times(shape), ...(weights ? ["weights"] : []), ...(note ? [note] : [])].join(", "),
    attributes: {},
    inputs: [normal(shape), ...(weights ? [weights] : [])],
    tolerance: sum(rows(shape)),
    differentiate: [{ input: 0, tolerance: formula }],
  };
}

export const weightedMeanCases: readonly OpCase<"weightedMean">[] = [
  mean([1, 1]),
  mean([7, 1]),
  mean([64, 10]),
  mean([5, 17]),
  mean([3, 784]),
  mean([2, 3, 4, 5]),
  mean([9, 4], uniform([9], 0.1, 2)),
  mean([9, 4], choice([9], [0, 1]), "some 0"),
  mean([2, 3, 4, 3], uniform([2, 3, 4], 0, 2)),
];
