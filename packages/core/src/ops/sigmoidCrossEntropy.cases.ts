import { choice, extremeLogits, normal, rows, times, uniform } from "./caseInputs.js";
import type { CaseInput, OpCase, Tolerance } from "./opCase.js";
import { transcendental } from "./tolerances.js";

function loss(
  logits: CaseInput,
  targets: CaseInput,
  weights?: CaseInput,
  note?: string,
): OpCase<"sigmoidCrossEntropy"> {
  const tolerance: Tolerance = {
    relative: 1e-5,
    absolute: 1e-5 + 2e-6 * rows(logits.shape),
    why: "a logarithm a row, added up over the rows",
  };
  return {
    op: "sigmoidCrossEntropy",
    name: [times(logits.shape), ...(weights ? ["weights"] : []), ...(note ? [note] : [])].join(", "),
    attributes: {},
    inputs: [logits, targets, ...(weights ? [weights] : [])],
    tolerance,
    differentiate: [{ input: 0, tolerance: transcendental }],
  };
}

function binary(shape: readonly number[]): CaseInput {
  return choice(shape, [0, 1]);
}

export const sigmoidCrossEntropyCases: readonly OpCase<"sigmoidCrossEntropy">[] = [
  loss(normal([1, 1]), binary([1, 1])),
  loss(normal([7, 1], 3), binary([7, 1])),
  loss(normal([64, 1]), binary([64, 1])),
  loss(normal([5, 17]), binary([5, 17])),
  loss(normal([6, 3]), uniform([6, 3], 0, 1), undefined, "soft targets"),
  loss(normal([9, 4]), binary([9, 4]), uniform([9], 0.1, 2)),
  loss(normal([9, 4]), binary([9, 4]), choice([9], [0, 1]), "some 0"),
  loss(normal([2, 3, 4, 1]), binary([2, 3, 4, 1])),
  loss(normal([2, 3, 4, 3]), binary([2, 3, 4, 3]), uniform([2, 3, 4], 0, 2)),
  loss(extremeLogits([11, 5]), binary([11, 5]), undefined, "extreme logits"),
  loss(extremeLogits([7, 1]), uniform([7, 1], 0, 1), uniform([7], 0.5, 1), "extreme logits"),
];
