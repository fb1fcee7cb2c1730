import { choice, given, uniform } from "./caseInputs.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { exact } from "./tolerances.js";

function histogram(predictions: CaseInput, buckets: number, what = ""): OpCase<"labelHistogram"> {
  const { shape } = predictions;
  return {
    op: "labelHistogram",
    name: `${shape.join("x")} in ${buckets} buckets${what && `, ${what}`}`,
    attributes: {},
    inputs: [
      predictions,
      choice(shape, [0, 1]),
      { shape: [2, buckets], dtype: "int32", fill: { kind: "integers", low: 0, high: 9 } },
    ],
    tolerance: exact,
    // Counts add up over the steps.
    steps: [{}, {}],
  };
}

/** Where buckets meet, in float32 sometimes above and sometimes below the quotient. */
function bounds(buckets: number): CaseInput {
  const values = Array.from({ length: buckets + 1 }, (_, bucket) => Math.fround(bucket / buckets));
  return given([values.length], values);
}

export const labelHistogramCases: readonly OpCase<"labelHistogram">[] = [
  histogram(uniform([1], 0, 1), 1),
  histogram(uniform([7], 0, 1), 2),
  histogram(uniform([67, 1], 0, 1), 199),
  histogram(uniform([13, 5], 0, 1), 4),
  histogram(uniform([2, 9, 9, 3], 0, 1), 50),
  histogram(uniform([1031], 0.4, 0.6), 3, "close together"),
  histogram(choice([67], [-5, -0.01, 0, 0.5, 1, 1.5, 1e9]), 10, "outside and at the ends"),
  histogram(bounds(199), 199, "at the bounds"),
  histogram(bounds(7), 7, "at the bounds"),
];
