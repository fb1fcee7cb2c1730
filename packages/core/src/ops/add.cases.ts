import { normal, times } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { OpCase } from "./opCase.js";
import { roundings } from "./tolerances.js";

// The gradient of both inputs is the output's: there is no op to check.
function sumOf(shape: Shape): OpCase<"add"> {
  return {
    op: "add",
    name: times(shape),
    attributes: {},
    inputs: [normal(shape), normal(shape)],
    tolerance: roundings,
  };
}

export const addCases: readonly OpCase<"add">[] = [
  sumOf([1]),
  sumOf([7]),
  sumOf([64]),
  sumOf([5, 13]),
  sumOf([2, 5, 5, 3]),
  sumOf([2, 13, 13, 32]),
];
