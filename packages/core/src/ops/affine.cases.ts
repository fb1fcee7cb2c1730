import { choice, normal, times } from "./caseInputs.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { formula, roundings } from "./tolerances.js";

function affineOf(input: CaseInput, scale: number, offset: number): OpCase<"affine"> {
  return {
    op: "affine",
    name: `${times(input.shape)}, scale ${scale}, offset ${offset}`,
    attributes: { scale, offset },
    inputs: [input],
    // With an offset the two terms may cancel.
    tolerance: offset === 0 ? roundings : formula,
    differentiate: [{ input: 0, tolerance: roundings }],
  };
}

export const affineCases: readonly OpCase<"affine">[] = [
  affineOf(normal([1]), 2, 1),
  affineOf(normal([7]), -1, 0),
  affineOf(normal([65]), 1 / 255, 0),
  affineOf(normal([5, 13]), -1, 1),
  affineOf(normal([2, 5, 3, 7]), 0.3, -0.7),
  affineOf(normal([4, 256]), 0, 3),
  affineOf(choice([33], [0, -1e6, 1e-6, 1e6]), 2, 0),
];
