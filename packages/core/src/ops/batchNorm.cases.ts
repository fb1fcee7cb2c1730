import { constant, normal, rows, times } from "./caseInputs.js";
import type { CaseInput, OpCase, Tolerance } from "./opCase.js";
import { normalized, sum } from "./tolerances.js";

interface Setting {
  readonly epsilon?: number;
  readonly scale?: boolean;
  readonly center?: boolean;
  readonly tolerance?: Tolerance;
  readonly note?: string;
}

/** A batch normalization of [...,C] with every gradient that it has. */
function batch(input: CaseInput, setting: Setting = {}): OpCase<"batchNorm"> {
  const { epsilon = 1e-3, scale = true, center = true, tolerance = normalized, note } = setting;
  const channels = [input.shape[input.shape.length - 1]!];
  const vectors = [...(scale ? [normal(channels, 0.5, 1)] : []), ...(center ? [normal(channels)] : [])];
  const parts = [
    times(input.shape),
    ...(scale ? [] : ["no scale"]),
    ...(center ? [] : ["no center"]),
    ...(epsilon === 1e-3 ? [] : [`epsilon ${epsilon}`]),
    ...(note === undefined ? [] : [note]),
  ];
  return {
    op: "batchNorm",
    name: parts.join(", "),
    attributes: { epsilon, scale, center },
    inputs: [input, ...vectors],
    tolerance,
    differentiate: [
      { input: 0, tolerance },
      ...vectors.map((_, index) => ({
        input: index + 1,
        tolerance: { ...sum(rows(input.shape)), absolute: Math.max(tolerance.absolute, 3e-7 * rows(input.shape)) },
      })),
    ],
  };
}

export const batchNormCases: readonly OpCase<"batchNorm">[] = [
  batch(normal([2, 1])),
  batch(normal([7, 5])),
  batch(normal([64, 10])),
  batch(normal([1001, 3])),
  batch(normal([3, 4, 17])),
  batch(normal([1, 5, 6, 3])),
  batch(normal([2, 5, 5, 3])),
  batch(normal([4, 3, 3, 65])),
  batch(normal([2, 3, 5, 1])),
  // Every choice of gamma and beta.
  batch(normal([6, 7]), { scale: false }),
  batch(normal([6, 7]), { center: false }),
  batch(normal([6, 7]), { scale: false, center: false }),
  batch(normal([2, 5, 5, 3]), { scale: false }),
  batch(normal([2, 5, 5, 3]), { center: false }),
  batch(normal([33, 5]), { epsilon: 1e-5 }),
  batch(normal([33, 5]), { epsilon: 0.1 }),
  // A single row: the variance is 0, and the output is beta.
  batch(normal([1, 7]), { tolerance: { ...normalized, absolute: 1e-4 } }),
  // Channels without variance: the epsilon alone divides, and makes errors 30 times as large.
  batch(constant([8, 5], 0.5), { tolerance: { ...normalized, absolute: 1e-4 }, note: "constant" }),
  // A mean far from 0: mean(x^2) - mean^2 would have lost the variance.
  batch(normal([50, 5], 1, 100), {
    tolerance: { relative: 1e-4, absolute: 1e-4, why: "means of numbers about 100" },
    note: "around 100",
  }),
  // The layers of the models that people train.
  batch(normal([8, 13, 13, 32])),
  batch(normal([4, 28, 28, 16])),
];
