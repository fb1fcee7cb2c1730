import { integers, negative, normal, times } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { sum } from "./tolerances.js";
import { type PaddingName, resolvePadding, spatial, type WindowAttributes } from "./window.js";

interface Setting {
  /** Default: the pool size. */
  readonly strides?: readonly [number, number];
  readonly padding?: PaddingName | WindowAttributes["padding"];
  /** Default: unit normals. */
  readonly fill?: (shape: Shape) => CaseInput;
}

function pooling(input: Shape, poolSize: readonly [number, number], setting: Setting = {}): OpCase<"averagePool2d"> {
  const { strides = poolSize, padding: wanted = "valid", fill = normal } = setting;
  const padding = typeof wanted === "string" ? resolvePadding(wanted, spatial(input), poolSize, strides) : wanted;
  const parts = [
    `${times(input)} by ${times(poolSize)}`,
    ...(strides === poolSize ? [] : [`stride ${times(strides)}`]),
    ...(wanted === "valid" ? [] : [`padding ${typeof wanted === "string" ? wanted : wanted.join(",")}`]),
    ...(setting.fill ? [setting.fill.name] : []),
  ];
  return {
    op: "averagePool2d",
    name: parts.join(", "),
    attributes: { poolSize, strides, padding, dilation: [1, 1] },
    inputs: [fill(input)],
    tolerance: sum(poolSize[0] * poolSize[1]),
    differentiate: [{ input: 0, tolerance: sum(poolSize[0] * poolSize[1]) }],
  };
}

export const averagePool2dCases: readonly OpCase<"averagePool2d">[] = [
  pooling([1, 1, 1, 1], [1, 1]),
  pooling([2, 4, 4, 3], [2, 2]),
  pooling([1, 6, 8, 17], [2, 2]),
  pooling([2, 6, 6, 4], [2, 2], { fill: integers }),
  // The window does not cover the last row and column: their gradient is 0.
  pooling([1, 13, 13, 4], [2, 2]),
  pooling([2, 5, 7, 5], [3, 2]),
  // Overlapping windows and gaps between windows.
  pooling([2, 6, 6, 3], [3, 3], { strides: [1, 1] }),
  pooling([1, 9, 8, 5], [3, 3], { strides: [2, 2] }),
  pooling([1, 8, 8, 3], [2, 2], { strides: [3, 3] }),
  // Padding counts neither in the sum nor in the divisor.
  pooling([2, 8, 8, 5], [3, 3], { strides: [2, 2], padding: "same" }),
  pooling([1, 7, 7, 3], [3, 3], { strides: [2, 2], padding: "same", fill: negative }),
  pooling([2, 5, 5, 3], [2, 2], { padding: "same" }),
  pooling([1, 4, 5, 2], [3, 3], { strides: [1, 2], padding: [1, 0, 0, 1] }),
  pooling([1, 6, 6, 4], [3, 3], { strides: [1, 1], padding: "same" }),
  // Global pooling.
  pooling([2, 7, 7, 32], [7, 7]),
  pooling([4, 1, 1, 5], [1, 1]),
  pooling([2, 24, 24, 6], [2, 2]),
];
