import { choice, given, givenLabels, integers, labels, normal, oneHot, times, uniform } from "./caseInputs.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { exact } from "./tolerances.js";

function right(
  kind: "sparse" | "categorical" | "binary",
  predictions: CaseInput,
  target: CaseInput,
  note?: string,
): OpCase<"accuracy"> {
  return {
    op: "accuracy",
    name: [kind, times(predictions.shape), ...(note ? [note] : [])].join(", "),
    attributes: { labels: kind },
    inputs: [predictions, target],
    tolerance:
      kind === "binary" ? { relative: 1e-6, absolute: 1e-6, why: "shares of rows, added up in any order" } : exact,
  };
}

function amongLargest(k: number, predictions: CaseInput, target: CaseInput, note?: string): OpCase<"topKAccuracy"> {
  const kind = target.dtype === "int32" ? "sparse" : "categorical";
  return {
    op: "topKAccuracy",
    name: [kind, `${k} of ${times(predictions.shape)}`, ...(note ? [note] : [])].join(", "),
    attributes: { labels: kind, k },
    inputs: [predictions, target],
    tolerance: exact,
  };
}

const pixels = [2, 3, 4, 5];

export const accuracyCases: readonly OpCase<"accuracy">[] = [
  right("sparse", normal([1, 1]), labels([1], 1)),
  right("sparse", normal([1, 10]), labels([1], 10)),
  right("sparse", normal([67, 3]), labels([67], 3)),
  right("sparse", normal([64, 10]), labels([64], 10)),
  right("sparse", normal([300, 2]), labels([300], 2)),
  right("sparse", normal(pixels), labels([2, 3, 4], 5)),
  right("categorical", normal([67, 3]), oneHot([67, 3])),
  right("categorical", normal(pixels), uniform(pixels, 0, 1), "soft labels"),
  right("binary", uniform([67, 1], 0, 1), choice([67, 1], [0, 1])),
  right("binary", uniform([9, 5], 0, 1), choice([9, 5], [0, 1])),
  right("binary", uniform([2, 3, 4, 1], 0, 1), uniform([2, 3, 4, 1], 0, 1)),
  // The first of equals counts.
  right("sparse", integers([40, 4], 0, 1), labels([40], 4), "ties"),
  right("categorical", integers([40, 4], 0, 1), integers([40, 4], 0, 1), "ties"),
  right("sparse", choice([12, 5], [0.25]), labels([12], 5), "all equal"),
  right("binary", choice([31, 1], [0.25, 0.5, 0.75]), choice([31, 1], [0, 0.5, 1]), "at the threshold"),
  right("sparse", uniform([40, 4], -9, -1), labels([40], 4), "all negative"),
  // Rows: all NaN, NaN first, NaN last, whole. A diverged model must not score.
  right("sparse", given([4, 3], [NaN, NaN, NaN, NaN, 2, 1, 1, 2, NaN, 1, 2, 0]), givenLabels([0, 0, 2, 1]), "NaN"),
  right("categorical", given([2, 2], [NaN, NaN, 0, 1]), given([2, 2], [1, 0, 0, 1]), "NaN"),
  right("binary", given([4, 1], [NaN, NaN, 0.9, 0.1]), given([4, 1], [0, 1, 1, 0]), "NaN"),
];

export const topKAccuracyCases: readonly OpCase<"topKAccuracy">[] = [
  amongLargest(1, normal([67, 3]), labels([67], 3)),
  amongLargest(2, normal([67, 5]), labels([67], 5)),
  amongLargest(5, normal([64, 10]), labels([64], 10)),
  amongLargest(5, normal([3, 100]), labels([3], 100)),
  amongLargest(5, normal([7, 5]), labels([7], 5), "all classes"),
  amongLargest(5, normal([7, 3]), labels([7], 3), "more than there are classes"),
  amongLargest(3, normal([67, 10]), oneHot([67, 10])),
  amongLargest(2, normal(pixels), labels([2, 3, 4], 5)),
  amongLargest(2, integers([40, 6], 0, 1), labels([40], 6), "ties"),
  amongLargest(1, choice([9, 4], [0.25]), labels([9], 4), "all equal"),
  amongLargest(2, given([2, 3], [NaN, NaN, NaN, 3, 2, 1]), givenLabels([0, 1]), "NaN"),
];
