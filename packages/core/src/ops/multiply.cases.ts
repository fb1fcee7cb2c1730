import { choice, normal, times } from "./caseInputs.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { roundings } from "./tolerances.js";

function productOf(a: CaseInput, b: CaseInput = normal(a.shape), note?: string): OpCase<"multiply"> {
  return {
    op: "multiply",
    name: [times(a.shape), ...(note ? [note] : [])].join(", "),
    attributes: {},
    inputs: [a, b],
    tolerance: roundings,
    differentiate: [
      { input: 0, tolerance: roundings },
      { input: 1, tolerance: roundings },
    ],
  };
}

export const multiplyCases: readonly OpCase<"multiply">[] = [
  productOf(normal([1])),
  productOf(normal([7])),
  productOf(normal([64])),
  productOf(normal([5, 13])),
  productOf(normal([2, 5, 5, 3])),
  productOf(normal([2, 13, 13, 32])),
  productOf(choice([33], [0, 1e-6, -1e6]), choice([33], [0, -1e6, 1e-6]), "far apart"),
];
