import { normal, rows, times, uniform } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { OpCase } from "./opCase.js";
import { formula, sum } from "./tolerances.js";

/** A normalization of [...,C] with given statistics and every gradient that it has. */
function withStatistics(shape: Shape, { epsilon = 1e-3, scale = true, center = true } = {}): OpCase<"normalize"> {
  const channels = [shape[shape.length - 1]!];
  const vectors = [...(scale ? [normal(channels, 0.5, 1)] : []), ...(center ? [normal(channels)] : [])];
  const parts = [
    `${times(shape)}, given statistics`,
    ...(scale ? [] : ["no scale"]),
    ...(center ? [] : ["no center"]),
    ...(epsilon === 1e-3 ? [] : [`epsilon ${epsilon}`]),
  ];
  return {
    op: "normalize",
    name: parts.join(", "),
    attributes: { epsilon, scale, center },
    inputs: [normal(shape, 2, 1), normal(channels), uniform(channels, 0.1, 4), ...vectors],
    tolerance: formula,
    differentiate: [
      { input: 0, tolerance: formula },
      ...vectors.map((_, index) => ({ input: index + 3, tolerance: sum(4 * rows(shape)) })),
    ],
  };
}

export const normalizeCases: readonly OpCase<"normalize">[] = [
  withStatistics([1, 1]),
  withStatistics([1, 7]),
  withStatistics([7, 5]),
  withStatistics([64, 10]),
  withStatistics([3, 4, 17]),
  withStatistics([2, 5, 5, 3]),
  withStatistics([2, 3, 5, 1]),
  withStatistics([6, 7], { scale: false }),
  withStatistics([6, 7], { center: false }),
  withStatistics([6, 7], { scale: false, center: false }),
  withStatistics([33, 5], { epsilon: 0.1 }),
  withStatistics([8, 13, 13, 32]),
];
