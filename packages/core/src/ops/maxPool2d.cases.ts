import { choice, integers, negative, normal, times } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { exact, sum } from "./tolerances.js";
import { type PaddingName, resolvePadding, spatial, type WindowAttributes } from "./window.js";

interface Setting {
  /** Default: the pool size. */
  readonly strides?: readonly [number, number];
  readonly padding?: PaddingName | WindowAttributes["padding"];
  /** Default: unit normals. */
  readonly fill?: (shape: Shape) => CaseInput;
}

function pooling(input: Shape, poolSize: readonly [number, number], setting: Setting = {}): OpCase<"maxPool2d"> {
  const { strides = poolSize, padding: wanted = "valid", fill = normal } = setting;
  const padding = typeof wanted === "string" ? resolvePadding(wanted, spatial(input), poolSize, strides) : wanted;
  const parts = [
    `${times(input)} by ${times(poolSize)}`,
    ...(strides === poolSize ? [] : [`stride ${times(strides)}`]),
    ...(wanted === "valid" ? [] : [`padding ${typeof wanted === "string" ? wanted : wanted.join(",")}`]),
    ...(setting.fill ? [setting.fill.name] : []),
  ];
  return {
    op: "maxPool2d",
    name: parts.join(", "),
    attributes: { poolSize, strides, padding, dilation: [1, 1] },
    inputs: [fill(input)],
    tolerance: exact,
    differentiate: [{ input: 0, tolerance: sum(poolSize[0] * poolSize[1]) }],
  };
}

/** Every window a tie or nearly so. */
function ties(shape: Shape): CaseInput {
  return integers(shape, 0, 1);
}

/** Near the most negative float: a maximum that starts anywhere above shows. */
function lowest(shape: Shape): CaseInput {
  return choice(shape, [-3.4e38, -3.3e38, -3.2e38]);
}

export const maxPool2dCases: readonly OpCase<"maxPool2d">[] = [
  pooling([1, 1, 1, 1], [1, 1]),
  pooling([1, 2, 2, 1], [2, 2]),
  pooling([2, 4, 4, 3], [2, 2]),
  pooling([1, 6, 8, 17], [2, 2]),
  pooling([2, 5, 5, 4], [1, 1]),
  // The window does not cover the last row and column.
  pooling([1, 13, 13, 4], [2, 2]),
  pooling([2, 5, 7, 3], [2, 2]),
  pooling([2, 5, 7, 5], [3, 2]),
  // Overlapping windows: one position may win several times.
  pooling([2, 6, 6, 3], [3, 3], { strides: [1, 1] }),
  pooling([1, 9, 8, 5], [3, 3], { strides: [2, 2] }),
  // Gaps between windows.
  pooling([1, 8, 8, 3], [2, 2], { strides: [3, 3] }),
  // Padding, which never wins.
  pooling([2, 8, 8, 5], [3, 3], { strides: [2, 2], padding: "same" }),
  pooling([1, 7, 7, 3], [3, 3], { strides: [2, 2], padding: "same", fill: negative }),
  pooling([2, 5, 5, 3], [2, 2], { padding: "same", fill: negative }),
  pooling([1, 4, 5, 2], [3, 3], { strides: [1, 2], padding: [1, 0, 0, 1], fill: negative }),
  pooling([1, 6, 6, 4], [3, 3], { strides: [1, 1], padding: "same", fill: lowest }),
  pooling([2, 7, 5, 3], [3, 3], { strides: [2, 2], padding: "same", fill: ties }),
  // All-negative windows, ties and the range of floats.
  pooling([2, 6, 6, 3], [2, 2], { fill: negative }),
  pooling([2, 5, 5, 5], [3, 3], { strides: [2, 2], fill: negative }),
  pooling([1, 4, 4, 3], [2, 2], { fill: lowest }),
  pooling([2, 6, 6, 4], [2, 2], { fill: ties }),
  pooling([1, 7, 7, 3], [3, 3], { strides: [1, 1], fill: ties }),
  // The layers of the models that people train.
  pooling([8, 26, 26, 32], [2, 2]),
  pooling([4, 11, 11, 64], [2, 2]),
  pooling([2, 7, 7, 32], [7, 7]),
];
