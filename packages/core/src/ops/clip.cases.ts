import { constant, normal } from "./caseInputs.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { exact, roundings } from "./tolerances.js";

function byValue(limit: number, gradients: CaseInput): OpCase<"clipByValue"> {
  return {
    op: "clipByValue",
    name: `${gradients.shape[0]} to ${limit}`,
    attributes: { limit },
    inputs: [gradients],
    tolerance: exact,
  };
}

export const clipByValueCases: readonly OpCase<"clipByValue">[] = [
  byValue(0.5, normal([1])),
  byValue(0.5, normal([7])),
  byValue(0.75, normal([65])),
  byValue(1, normal([1001])),
  byValue(100, normal([65])),
];

function byNorm(limit: number, gradients: CaseInput, note: string): OpCase<"clipByNorm"> {
  return {
    op: "clipByNorm",
    name: `${gradients.shape[0]} to ${limit}, ${note}`,
    attributes: { limit },
    inputs: [gradients],
    // Below the limit nothing may change; zeros stay zeros.
    tolerance: note === "above" ? { ...roundings, relative: 1e-5, why: "a sum of squares and a root" } : exact,
  };
}

export const clipByNormCases: readonly OpCase<"clipByNorm">[] = [
  byNorm(0.01, normal([1]), "above"),
  byNorm(1, normal([7]), "above"),
  byNorm(1, normal([65]), "above"),
  byNorm(5, normal([1001]), "above"),
  byNorm(1, normal([100_003]), "above"),
  byNorm(100, normal([7]), "below"),
  byNorm(100, normal([1001]), "below"),
  byNorm(1, constant([65], 0), "all 0"),
  byNorm(1, constant([67], 1e-30), "squares underflow"),
];
