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

/** A group normalization of [N,...,C] with every gradient that it has. */
function grouped(input: CaseInput, groups: number, setting: Setting = {}): OpCase<"groupNorm"> {
  const { epsilon = 1e-3, scale = true, center = true, tolerance = normalized, note } = setting;
  const channels = [input.shape[input.shape.length - 1]!];
  const vectors = [...(scale ? [normal(channels, 0.5, 1)] : []), ...(center ? [normal(channels)] : [])];
  const parts = [
    `${times(input.shape)} in ${groups}`,
    ...(scale ? [] : ["no scale"]),
    ...(center ? [] : ["no center"]),
    ...(epsilon === 1e-3 ? [] : [`epsilon ${epsilon}`]),
    ...(note === undefined ? [] : [note]),
  ];
  return {
    op: "groupNorm",
    name: parts.join(", "),
    attributes: { groups, epsilon, scale, center },
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

export const groupNormCases: readonly OpCase<"groupNorm">[] = [
  grouped(normal([2, 5, 5, 6]), 3),
  grouped(normal([1, 3, 4, 10]), 2),
  grouped(normal([3, 7, 5, 12]), 4),
  grouped(normal([2, 9, 6]), 2),
  // All channels in one group, and a group for each.
  grouped(normal([2, 5, 5, 3]), 1),
  grouped(normal([2, 5, 6, 5]), 5),
  grouped(normal([2, 7, 1]), 1),
  // Rows: layer normalization.
  grouped(normal([1, 7]), 1),
  grouped(normal([33, 5]), 1),
  grouped(normal([5, 67]), 1),
  grouped(normal([3, 1000]), 1),
  grouped(normal([9, 8]), 4),
  // Every choice of gamma and beta.
  grouped(normal([2, 3, 3, 6]), 2, { scale: false }),
  grouped(normal([2, 3, 3, 6]), 2, { center: false }),
  grouped(normal([2, 3, 3, 6]), 2, { scale: false, center: false }),
  grouped(normal([6, 7]), 1, { scale: false }),
  grouped(normal([6, 7]), 1, { center: false }),
  grouped(normal([2, 3, 3, 6]), 2, { epsilon: 0.1 }),
  // One number in each group: the variance is 0, and the output is beta.
  grouped(normal([3, 5]), 5, { tolerance: { ...normalized, absolute: 1e-4 } }),
  grouped(constant([2, 4, 6], 0.5), 3, { tolerance: { ...normalized, absolute: 1e-4 }, note: "constant" }),
  // A mean far from 0: mean(x^2) - mean^2 would have lost the variance.
  grouped(normal([3, 5, 4], 1, 100), 2, {
    tolerance: { relative: 1e-4, absolute: 1e-4, why: "means of numbers about 100" },
    note: "around 100",
  }),
  // The layers of the models that people train.
  grouped(normal([2, 13, 13, 32]), 8),
  grouped(normal([64, 128]), 1),
];
