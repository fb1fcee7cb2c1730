import { choice, integers, negative, normal, times } from "./caseInputs.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { exact } from "./tolerances.js";

function maximumOf(a: CaseInput, b: CaseInput = a, note?: string): OpCase<"maximum"> {
  return {
    op: "maximum",
    name: [times(a.shape), ...(note ? [note] : [])].join(", "),
    attributes: {},
    inputs: [a, b],
    tolerance: exact,
    differentiate: [
      { input: 0, tolerance: exact },
      { input: 1, tolerance: exact },
    ],
  };
}

export const maximumCases: readonly OpCase<"maximum">[] = [
  maximumOf(normal([1])),
  maximumOf(normal([7])),
  maximumOf(normal([64])),
  maximumOf(normal([5, 13])),
  maximumOf(normal([2, 5, 5, 3])),
  maximumOf(negative([33, 5]), undefined, "negative"),
  // At a tie a has the whole gradient.
  maximumOf(integers([67], -1, 1), undefined, "ties"),
  maximumOf(choice([33], [-Infinity, 0, 1]), choice([33], [-1e30, 0, 1e30]), "far apart"),
];
