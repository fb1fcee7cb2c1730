import { choice, normal, times } from "./caseInputs.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { exact } from "./tolerances.js";

function padded(input: CaseInput, before: readonly number[], after: readonly number[]): OpCase<"pad"> {
  return {
    op: "pad",
    name: `${times(input.shape)} by ${before.join(",")} and ${after.join(",")}`,
    attributes: { before, after },
    inputs: [input],
    tolerance: exact,
    differentiate: [{ input: 0, tolerance: exact }],
  };
}

export const padCases: readonly OpCase<"pad">[] = [
  padded(normal([1]), [0], [0]),
  padded(normal([7]), [2], [1]),
  padded(normal([65]), [-3], [-30]),
  padded(normal([5, 3]), [0, 2], [1, 0]),
  padded(normal([5, 13]), [-2, -4], [0, -1]),
  // One axis grows, another shrinks; one end grows, the other shrinks, by more than is left.
  padded(normal([3, 4, 5]), [1, -1, 0], [2, -2, 0]),
  padded(normal([4, 5]), [3, -4], [-3, 9]),
  padded(normal([2, 5, 4, 3]), [0, 1, 2, 0], [0, 2, 1, 0]),
  padded(normal([1, 6, 7, 5]), [0, -1, -2, 0], [0, -2, -1, 0]),
  padded(normal([2, 3, 3, 8]), [0, 0, 0, -3], [0, 0, 0, -4]),
  padded(normal([2, 3, 4, 2]), [1, 1, -2, 3], [1, -1, 2, 1]),
  padded(normal([2, 12, 12, 32]), [0, 1, 1, 0], [0, 1, 1, 0]),
  padded(choice([3, 5], [-3e38, 3e38]), [1, 1], [1, 1]),
];
