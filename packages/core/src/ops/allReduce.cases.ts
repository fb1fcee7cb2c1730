import { negative, normal, times } from "./caseInputs.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { roundings } from "./tolerances.js";

/** Of a group of one rank: what a backend has to do by itself. */
function allReduceOf(input: CaseInput, weight: number): OpCase<"allReduce"> {
  return {
    op: "allReduce",
    name: `${times(input.shape)}, weight ${weight}`,
    attributes: { weight },
    inputs: [input],
    tolerance: roundings,
    differentiate: [{ input: 0, tolerance: roundings }],
  };
}

export const allReduceCases: readonly OpCase<"allReduce">[] = [
  allReduceOf(normal([1]), 1),
  allReduceOf(normal([67]), 0.25),
  allReduceOf(negative([33, 5]), 1 / 3),
  allReduceOf(normal([2, 5, 3, 7]), 0),
];
