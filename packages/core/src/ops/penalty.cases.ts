import { choice, constant, normal, times } from "./caseInputs.js";
import { sizeOf } from "./definition.js";
import type { CaseInput, OpCase } from "./opCase.js";
import type { PenaltyAttributes } from "./penalty.js";
import { formula, sum } from "./tolerances.js";

function penaltyOf(input: CaseInput, attributes: PenaltyAttributes, note?: string): OpCase<"penalty"> {
  const { l1, l2, scale } = attributes;
  return {
    op: "penalty",
    name: [times(input.shape), `l1 ${l1}`, `l2 ${l2}`, `scale ${scale}`, ...(note ? [note] : [])].join(", "),
    attributes,
    inputs: [input],
    tolerance: sum(sizeOf(input.shape)),
    differentiate: [{ input: 0, tolerance: formula }],
  };
}

export const penaltyCases: readonly OpCase<"penalty">[] = [
  penaltyOf(normal([1]), { l1: 0.5, l2: 0.25, scale: 1 }),
  penaltyOf(normal([7]), { l1: 0, l2: 0.01, scale: 32 }),
  penaltyOf(normal([65]), { l1: 0.1, l2: 0, scale: 7 }),
  penaltyOf(normal([5, 13]), { l1: 0.01, l2: 0.02, scale: 64 }),
  penaltyOf(normal([3, 3, 5, 17], 0.1), { l1: 1e-3, l2: 1e-4, scale: 128 }),
  penaltyOf(normal([1001]), { l1: 0.1, l2: 0.2, scale: 1 }),
  // The sign of 0 is 0.
  penaltyOf(choice([33], [-1, 0, 1]), { l1: 0.5, l2: 0.5, scale: 2 }, "some 0"),
  penaltyOf(constant([9], 0), { l1: 0.1, l2: 0.1, scale: 1 }, "all 0"),
];
