import { normal, times } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { CaseStep, OpCase } from "./opCase.js";
import { roundings } from "./tolerances.js";

// Zeros allow no difference, so one element that is kept elsewhere fails the case.
function masked<N extends "dropout" | "channelDropout">(
  op: N,
  rate: number,
  shape: Shape,
  instance: number,
  step: CaseStep,
  firstRow?: number,
): OpCase<N> {
  const { iteration = 0, seed = 1 } = step;
  return {
    op,
    name: `rate ${rate} of ${times(shape)}, instance ${instance}, seed ${seed}, iteration ${iteration}${fromRow(firstRow)}`,
    attributes: { rate, instance, ...(firstRow === undefined ? {} : { firstRow }) },
    inputs: [normal(shape)],
    tolerance: roundings,
    differentiate: [{ input: 0, tolerance: roundings }],
    steps: [step],
  };
}

function fromRow(firstRow: number | undefined): string {
  return firstRow === undefined ? "" : `, from row ${firstRow} on`;
}

export const dropoutCases: readonly OpCase<"dropout">[] = [
  masked("dropout", 0, [5, 13], 0, {}),
  masked("dropout", 0.25, [1], 0, {}),
  masked("dropout", 0.5, [1], 3, { iteration: 1 }),
  masked("dropout", 0.5, [7], 0, { iteration: 2 }),
  masked("dropout", 0.25, [63], 1, {}),
  masked("dropout", 0.25, [64], 1, { seed: 7 }),
  masked("dropout", 0.25, [65], 1, { iteration: 3 }),
  masked("dropout", 0.5, [64, 64], 2, { iteration: 1000 }),
  masked("dropout", 0.5, [5, 13], 2, { seed: 2 ** 40 + 5 }),
  masked("dropout", 0.9, [3, 7, 5, 3], 5, { iteration: 12, seed: 99 }),
  masked("dropout", 0.9, [997], 0, { iteration: 2 ** 31 + 7, seed: 2 ** 53 - 1 }),
  masked("dropout", 0.3, [2, 13, 13, 32], 6, { iteration: 469, seed: 42 }),
  // From an even and an odd element of the whole batch on, and beyond 2^32 elements.
  masked("dropout", 0.5, [5, 13], 2, { iteration: 3 }, 64),
  masked("dropout", 0.5, [5, 13], 2, { iteration: 3 }, 65),
  masked("dropout", 0.5, [1], 2, { iteration: 3 }, 7),
  masked("dropout", 0.5, [97, 257], 2, { iteration: 3 }, 33),
  masked("dropout", 0.5, [3, 10_001], 2, { iteration: 3 }, 2 ** 19 + 1),
];

export const channelDropoutCases: readonly OpCase<"channelDropout">[] = [
  masked("channelDropout", 0, [5, 13], 0, {}),
  masked("channelDropout", 0.5, [1, 1], 3, { iteration: 1 }),
  masked("channelDropout", 0.5, [3, 7], 0, { iteration: 2 }),
  masked("channelDropout", 0.25, [4, 5, 9], 1, {}),
  masked("channelDropout", 0.25, [1, 3, 5, 64], 1, { seed: 7 }),
  masked("channelDropout", 0.5, [8, 5, 5, 3], 2, { iteration: 1000 }),
  masked("channelDropout", 0.9, [5, 2, 3, 7], 5, { iteration: 2 ** 31 + 7, seed: 2 ** 53 - 1 }),
  masked("channelDropout", 0.3, [2, 13, 13, 32], 6, { iteration: 469, seed: 42 }),
  masked("channelDropout", 0.5, [8, 5, 5, 3], 2, { iteration: 1000 }, 7),
  masked("channelDropout", 0.5, [3, 2, 64], 2, { iteration: 1000 }, 64),
];
