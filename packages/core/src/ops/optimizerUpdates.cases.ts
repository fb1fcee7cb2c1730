import { constant, normal, uniform } from "./caseInputs.js";
import { nadamSteps } from "./nadamSteps.js";
import type { CaseInput, CaseStep, OpCase, Tolerance } from "./opCase.js";
import type { AdamUpdateAttributes, LionUpdateAttributes, RmspropUpdateAttributes } from "./optimizerUpdates.js";

/** Lengths of the flat buffers; most fill neither vectors nor blocks. */
const lengths = [1, 3, 65, 1001];

const steps: readonly CaseStep[] = [
  { iteration: 0, learningRate: 0.1, stepSize: 0.03 },
  { iteration: 1, learningRate: 0.05, stepSize: 0.05 },
  { iteration: 2, learningRate: 0.05, stepSize: 0.001 },
];

const tolerance: Tolerance = {
  relative: 1e-5,
  absolute: 2e-6,
  why: "a dozen roundings a step, over three steps, with a root and a division",
};

function parametersAndGradients(length: number): CaseInput[] {
  return [normal([length]), normal([length])];
}

export const sgdUpdateCases: readonly OpCase<"sgdUpdate">[] = lengths.flatMap((length) =>
  [
    { momentum: 0, nesterov: false },
    { momentum: 0.9, nesterov: false },
    { momentum: 0.9, nesterov: true },
  ].map((attributes) => ({
    op: "sgdUpdate" as const,
    name: `${length}, momentum ${attributes.momentum}${attributes.nesterov ? ", nesterov" : ""}`,
    attributes,
    inputs: [...parametersAndGradients(length), ...(attributes.momentum > 0 ? [normal([length])] : [])],
    tolerance,
    steps,
  })),
);

function rmsprop(length: number, attributes: RmspropUpdateAttributes): OpCase<"rmspropUpdate"> {
  const { momentum, centered } = attributes;
  return {
    op: "rmspropUpdate",
    name: `${length}${momentum > 0 ? `, momentum ${momentum}` : ""}${centered ? ", centered" : ""}`,
    attributes,
    inputs: [
      ...parametersAndGradients(length),
      // Above the square of the mean: a variance is never negative.
      uniform([length], 1, 2),
      ...(momentum > 0 ? [normal([length])] : []),
      ...(centered ? [uniform([length], -0.5, 0.5)] : []),
    ],
    tolerance,
    steps,
  };
}

export const rmspropUpdateCases: readonly OpCase<"rmspropUpdate">[] = lengths.flatMap((length) => [
  rmsprop(length, { rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false }),
  rmsprop(length, { rho: 0.9, momentum: 0.9, epsilon: 1e-7, centered: false }),
  rmsprop(length, { rho: 0.95, momentum: 0, epsilon: 1e-3, centered: true }),
  rmsprop(length, { rho: 0.9, momentum: 0.5, epsilon: 1e-7, centered: true }),
]);

function adam(length: number, attributes: AdamUpdateAttributes): OpCase<"adamUpdate"> {
  const { weightDecay, amsgrad, epsilon } = attributes;
  return {
    op: "adamUpdate",
    name: `${length}${weightDecay > 0 ? `, decay ${weightDecay}` : ""}${amsgrad ? ", amsgrad" : ""}, epsilon ${epsilon}`,
    attributes,
    inputs: [
      ...parametersAndGradients(length),
      normal([length], 0.5),
      uniform([length], 0.1, 1),
      ...(amsgrad ? [uniform([length], 0.1, 1)] : []),
    ],
    tolerance,
    steps,
  };
}

const betas = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

export const adamUpdateCases: readonly OpCase<"adamUpdate">[] = lengths.flatMap((length) => [
  adam(length, { ...betas, weightDecay: 0, amsgrad: false }),
  adam(length, { ...betas, weightDecay: 0.01, amsgrad: false }),
  adam(length, { ...betas, weightDecay: 0, amsgrad: true }),
  adam(length, { ...betas, weightDecay: 0.1, amsgrad: true }),
  adam(length, { beta1: 0.8, beta2: 0.9, epsilon: 0.01, weightDecay: 0, amsgrad: false }),
]);

export const adagradUpdateCases: readonly OpCase<"adagradUpdate">[] = lengths.flatMap((length) =>
  [1e-7, 0.01].map((epsilon) => ({
    op: "adagradUpdate" as const,
    name: `${length}, epsilon ${epsilon}`,
    attributes: { epsilon },
    inputs: [...parametersAndGradients(length), uniform([length], 0.1, 1)],
    tolerance,
    steps,
  })),
);

export const nadamUpdateCases: readonly OpCase<"nadamUpdate">[] = lengths.flatMap((length) =>
  [betas, { beta1: 0.8, beta2: 0.9, epsilon: 0.01 }].map((attributes) => ({
    op: "nadamUpdate" as const,
    name: `${length}, epsilon ${attributes.epsilon}`,
    attributes,
    inputs: [...parametersAndGradients(length), normal([length], 0.5), uniform([length], 0.1, 1)],
    tolerance,
    steps: [0, 1, 50].map((iteration) => ({
      iteration,
      ...nadamSteps(iteration, 0.05, attributes.beta1, attributes.beta2),
    })),
  })),
);

function lion(length: number, attributes: LionUpdateAttributes, still = false): OpCase<"lionUpdate"> {
  return {
    op: "lionUpdate",
    name: `${length}${attributes.weightDecay > 0 ? `, decay ${attributes.weightDecay}` : ""}${still ? ", no gradient" : ""}`,
    attributes,
    inputs: still
      ? [normal([length]), constant([length], 0), constant([length], 0)]
      : [...parametersAndGradients(length), normal([length], 0.5)],
    tolerance,
    steps,
  };
}

export const lionUpdateCases: readonly OpCase<"lionUpdate">[] = [
  ...lengths.flatMap((length) => [
    lion(length, { beta1: 0.9, beta2: 0.99, weightDecay: 0 }),
    lion(length, { beta1: 0.95, beta2: 0.98, weightDecay: 0.1 }),
  ]),
  // The sign of 0 is 0.
  lion(67, { beta1: 0.9, beta2: 0.99, weightDecay: 0 }, true),
];

export const decayWeightsCases: readonly OpCase<"decayWeights">[] = lengths.flatMap((length) =>
  [0.004, 0.5].map((rate) => ({
    op: "decayWeights" as const,
    name: `${length}, rate ${rate}`,
    attributes: { rate },
    inputs: [normal([length])],
    tolerance,
    steps,
  })),
);
