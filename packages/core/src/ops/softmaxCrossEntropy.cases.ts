import { choice, distribution, extremeLogits, labels, normal, oneHot, rows, times, uniform } from "./caseInputs.js";
import type { CaseInput, OpCase, Tolerance } from "./opCase.js";
import { transcendental } from "./tolerances.js";

function loss(logits: CaseInput, target: CaseInput, weights?: CaseInput, note?: string): OpCase<"softmaxCrossEntropy"> {
  const { shape } = logits;
  const sparse = target.dtype === "int32";
  const parts = [
    times(shape),
    sparse ? "sparse" : target.fill.kind === "distribution" ? "soft labels" : "categorical",
    ...(weights ? ["weights"] : []),
    ...(note ? [note] : []),
  ];
  const tolerance: Tolerance = {
    relative: 1e-5,
    absolute: 1e-5 + 2e-6 * rows(shape),
    why: "a logarithm a row, added up over the rows",
  };
  return {
    op: "softmaxCrossEntropy",
    name: parts.join(", "),
    attributes: { labels: sparse ? "sparse" : "categorical" },
    inputs: [logits, target, ...(weights ? [weights] : [])],
    tolerance,
    differentiate: [{ input: 0, tolerance: transcendental }],
  };
}

const pixels = [2, 3, 4, 5];

export const softmaxCrossEntropyCases: readonly OpCase<"softmaxCrossEntropy">[] = [
  loss(normal([1, 1]), labels([1], 1)),
  loss(normal([1, 10]), labels([1], 10)),
  loss(normal([7, 10], 3), labels([7], 10)),
  loss(normal([64, 10]), labels([64], 10)),
  loss(normal([5, 3]), labels([5], 3)),
  loss(normal([3, 1000]), labels([3], 1000)),
  loss(normal([300, 10]), labels([300], 10)),
  loss(normal([7, 10], 3), oneHot([7, 10])),
  loss(normal([5, 17]), distribution([5, 17])),
  loss(normal([6, 4]), uniform([6, 4], 0, 1), undefined, "labels that do not add up to 1"),
  loss(normal([7, 10]), labels([7], 10), uniform([7], 0.1, 2)),
  loss(normal([9, 5]), labels([9], 5), choice([9], [0, 1]), "some 0"),
  loss(normal([4, 5]), labels([4], 5), choice([4], [0]), "all 0"),
  loss(normal([6, 7]), oneHot([6, 7]), choice([6], [0, 0.5, 3])),
  // One prediction a pixel.
  loss(normal(pixels), labels([2, 3, 4], 5)),
  loss(normal(pixels), oneHot(pixels), uniform([2, 3, 4], 0, 2)),
  loss(normal(pixels), labels([2, 3, 4], 5), uniform([2, 3, 4], 0, 2)),
  // Finite for any finite logits.
  loss(extremeLogits([11, 10]), labels([11], 10), undefined, "extreme logits"),
  loss(extremeLogits([11, 10]), distribution([11, 10]), undefined, "extreme logits"),
  loss(extremeLogits([8, 3]), labels([8], 3), uniform([8], 0.5, 1), "extreme logits"),
];
