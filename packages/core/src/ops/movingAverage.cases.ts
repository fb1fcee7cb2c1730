import { normal, times } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { OpCase } from "./opCase.js";
import { roundings } from "./tolerances.js";

function average(shape: Shape, momentum: number): OpCase<"movingAverage"> {
  return {
    op: "movingAverage",
    name: `${times(shape)}, momentum ${momentum}`,
    attributes: { momentum },
    inputs: [normal(shape), normal(shape, 2, 5)],
    tolerance: { ...roundings, absolute: 1e-6 },
    steps: [{}, {}, {}],
  };
}

export const movingAverageCases: readonly OpCase<"movingAverage">[] = [
  average([1], 0.99),
  average([3], 0.9),
  average([64], 0.99),
  average([67], 0.5),
  average([1001], 0),
  average([5, 3], 1),
];
