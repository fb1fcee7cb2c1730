import { constant, extremeLogits, normal, times } from "./caseInputs.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { transcendental } from "./tolerances.js";

function rows(input: CaseInput, note?: string): OpCase<"softmax"> {
  return {
    op: "softmax",
    name: [times(input.shape), ...(note ? [note] : [])].join(", "),
    attributes: {},
    inputs: [input],
    tolerance: transcendental,
    differentiate: [{ input: 0, tolerance: transcendental }],
  };
}

export const softmaxCases: readonly OpCase<"softmax">[] = [
  rows(normal([1, 1])),
  rows(normal([1, 10], 3)),
  rows(normal([7, 10])),
  rows(normal([64, 10], 3)),
  rows(normal([5, 3])),
  rows(normal([3, 17], 3)),
  rows(normal([3, 1000])),
  rows(normal([2, 3, 4, 5])),
  rows(normal([1, 5, 3, 7], 3)),
  rows(extremeLogits([9, 10]), "extreme logits"),
  rows(constant([3, 7], -1e4), "all -10000"),
  rows(constant([3, 5], 0), "all 0"),
];
