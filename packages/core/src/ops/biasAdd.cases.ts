import { integers, normal, rows, times } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { OpCase } from "./opCase.js";
import { exact, roundings, sum } from "./tolerances.js";

/** Shape [...,C]; the bias' gradient is a sum over rows. */
function bias(shape: Shape): OpCase<"biasAdd"> {
  return {
    op: "biasAdd",
    name: times(shape),
    attributes: {},
    inputs: [normal(shape), normal([shape[shape.length - 1]!])],
    tolerance: { ...roundings, absolute: 1e-6 },
    differentiate: [{ input: 1, tolerance: sum(rows(shape)) }],
  };
}

export const biasAddCases: readonly OpCase<"biasAdd">[] = [
  bias([1, 1]),
  bias([1, 10]),
  bias([7, 5]),
  bias([64, 10]),
  bias([3, 1]),
  bias([3, 4, 17]),
  bias([2, 5, 5, 3]),
  bias([1, 1, 1, 17]),
  bias([2, 3, 5, 1]),
  bias([8, 26, 26, 32]),
  bias([2, 11, 11, 64]),
  {
    op: "biasAdd",
    name: "2x3x3x5, integers",
    attributes: {},
    inputs: [integers([2, 3, 3, 5]), integers([5])],
    tolerance: exact,
    differentiate: [{ input: 1, tolerance: sum(18) }],
  },
];
