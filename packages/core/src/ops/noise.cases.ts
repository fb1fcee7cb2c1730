import { constant, normal, times } from "./caseInputs.js";
import type { CaseInput, CaseStep, OpCase } from "./opCase.js";
import { transcendental } from "./tolerances.js";

interface Setting {
  readonly input: CaseInput;
  readonly stddev: number;
  readonly instance: number;
  readonly step: CaseStep;
  readonly firstRow?: number;
}

const settings: readonly Setting[] = [
  { input: normal([5, 13]), stddev: 0, instance: 0, step: {} },
  { input: normal([1]), stddev: 0.5, instance: 3, step: { iteration: 1 } },
  { input: normal([7]), stddev: 0.1, instance: 0, step: { iteration: 2 } },
  { input: normal([63]), stddev: 1, instance: 1, step: {} },
  { input: normal([64]), stddev: 0.3, instance: 1, step: { seed: 7 } },
  { input: constant([65], 1), stddev: 1, instance: 1, step: { iteration: 3 } },
  { input: normal([3, 7, 5, 3]), stddev: 0.2, instance: 5, step: { iteration: 2 ** 31 + 7, seed: 2 ** 53 - 1 } },
  { input: normal([2, 13, 13, 32]), stddev: 0.5, instance: 6, step: { iteration: 469, seed: 42 } },
  { input: normal([5, 13]), stddev: 0.5, instance: 2, step: { iteration: 3 }, firstRow: 65 },
];

function noisy<N extends "gaussianNoise" | "gaussianDropout">(op: N, setting: Setting): OpCase<N> {
  const { input, stddev, instance, step, firstRow } = setting;
  const { iteration = 0, seed = 1 } = step;
  return {
    op,
    name: `deviation ${stddev} of ${times(input.shape)}, instance ${instance}, seed ${seed}, iteration ${iteration}${
      firstRow === undefined ? "" : `, from row ${firstRow} on`
    }`,
    attributes: { stddev, instance, ...(firstRow === undefined ? {} : { firstRow }) },
    inputs: [input],
    tolerance: transcendental,
    // The gradient of added noise is the output's: there is no op to check.
    ...(op === "gaussianNoise" ? {} : { differentiate: [{ input: 0, tolerance: transcendental }] }),
    steps: [step],
  };
}

export const gaussianNoiseCases: readonly OpCase<"gaussianNoise">[] = settings.map((setting) =>
  noisy("gaussianNoise", setting),
);

export const gaussianDropoutCases: readonly OpCase<"gaussianDropout">[] = settings.map((setting) =>
  noisy("gaussianDropout", setting),
);
