import { normal, times } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { OpCase } from "./opCase.js";
import { exact } from "./tolerances.js";

function transposed(shape: Shape, ...permutation: readonly number[]): OpCase<"transpose"> {
  return {
    op: "transpose",
    name: `${times(shape)} to axes ${permutation.join(",")}`,
    attributes: { permutation },
    inputs: [normal(shape)],
    tolerance: exact,
    differentiate: [{ input: 0, tolerance: exact }],
  };
}

export const transposeCases: readonly OpCase<"transpose">[] = [
  transposed([5], 0),
  transposed([1, 1], 1, 0),
  transposed([3, 7], 1, 0),
  transposed([33, 65], 1, 0),
  transposed([3, 7], 0, 1),
  transposed([2, 3, 5], 0, 2, 1),
  // Cycles, whose inverse is another permutation.
  transposed([2, 3, 5], 1, 2, 0),
  transposed([2, 3, 5], 2, 0, 1),
  transposed([2, 3, 4, 5], 0, 3, 1, 2),
  transposed([2, 3, 4, 5], 0, 2, 3, 1),
  transposed([2, 3, 4, 5], 3, 2, 1, 0),
  transposed([2, 3, 4, 5], 1, 0, 3, 2),
  transposed([1, 13, 13, 32], 0, 3, 1, 2),
];
