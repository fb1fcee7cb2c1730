import { choice, givenWords, normal, times } from "./caseInputs.js";
import type { CaseInput, OpCase } from "./opCase.js";
import type { Interpolation } from "./resize2d.js";
import { exact, sum } from "./tolerances.js";
import { type AffineMatrix, type FillMode, warpFractionBits } from "./warp2d.js";
import { transforms, turned } from "./warp2dCase.js";

const fillModes: readonly FillMode[] = ["reflect", "wrap", "constant", "nearest"];
const interpolations: readonly Interpolation[] = ["nearest", "bilinear"];

function warped(
  input: CaseInput,
  what: string,
  matrices: readonly AffineMatrix[],
  setting: {
    readonly size?: readonly [number, number];
    readonly interpolations?: readonly Interpolation[];
    readonly fillModes?: readonly FillMode[];
    readonly values?: readonly number[];
  } = {},
): OpCase<"warp2d">[] {
  const [batch, height, width] = input.shape as [number, number, number];
  const { size = [height, width] } = setting;
  return (setting.interpolations ?? interpolations).flatMap((interpolation) =>
    (setting.fillModes ?? fillModes).map((fillMode) => ({
      op: "warp2d" as const,
      name: `${times(input.shape)}${setting.size ? ` to ${times(size)}` : ""}, ${what}, ${interpolation}, ${fillMode}`,
      attributes: {
        size,
        interpolation,
        fillMode,
        fillValue: -3.5,
        fractionBits: warpFractionBits([height, width, ...size]),
      },
      inputs: [input, givenWords([batch, 6], setting.values ?? transforms(input.shape, size, matrices))],
      tolerance: interpolation === "nearest" ? exact : sum(4),
    })),
  );
}

const small = [5, 7] as const;
/** One of every kind: as it is, both flips, shifts by whole and half pixels, turns, zooms in and out, sheared. */
const kinds: readonly AffineMatrix[] = [
  [1, 0, 0, 0, 1, 0],
  [-1, 0, 6, 0, 1, 0],
  [-1, 0, 6, 0, -1, 4],
  [1, 0, 3, 0, 1, -2],
  [1, 0, -0.5, 0, 1, 0.5],
  turned(small, 0.3),
  turned(small, -Math.PI / 2, [1.1, 0.9], [0.7, -0.3]),
  turned(small, 0.1, [2, 2]),
  turned(small, 0, [0.25, 0.5]),
  [1, 0.4, 0, 0.2, 1, 0],
  // All pixels of the output are one of the input; one beyond the edge.
  [0, 0, 2.25, 0, 0, 1.75],
  [0, 0, -4, 0, 0, 20],
];

const limit = 2 ** 30 - 1;

export const warp2dCases: readonly OpCase<"warp2d">[] = [
  // All kinds in one batch, 1 to 4 channels and more than a vector has.
  ...[1, 2, 3, 4, 9].flatMap((channels) => warped(normal([12, ...small, channels]), "of every kind", kinds)),
  // Many periods of reflection and wrapping away, to both sides.
  ...warped(normal([4, 3, 4, 2]), "far away", [
    turned([3, 4], 0.5, [9, 7], [13, -11]),
    turned([3, 4], 2.5, [-7, 5], [-23.4, 19.6]),
    [1, 0, 24, 0, 1, -20],
    [1, 0, -25, 0, 1, 17],
  ]),
  // As far as the numbers go; slopes whose products with the column are beyond 32 bits and come back.
  ...warped(normal([3, 4, 4, 1]), "as far as it goes", [], {
    values: [
      ...[0, 0, limit, 0, 0, -limit],
      ...[Math.floor(limit / 3), 0, -limit, 0, Math.floor(-limit / 3), limit],
      ...[2 ** 30, -(2 ** 30), 0, 2 ** 30, -(2 ** 30), 77].map((value, index) => (index % 3 === 2 ? value : value / 8)),
    ],
  }),
  ...warped(normal([2, 1, 1, 3]), "one pixel", [
    [1, 0, 0, 0, 1, 0],
    [1, 0, 0.75, 0, 1, -2.5],
  ]),
  ...warped(normal([2, 1, 9, 2]), "one row", [turned([1, 9], 0.4), turned([1, 9], 0, [1.3, 1], [2, 0.5])]),
  // Other sizes: crops, and images that grow.
  ...warped(
    normal([3, 8, 9, 3]),
    "crops",
    [
      [1, 0, 2, 0, 1, 1],
      [-1, 0, 8, 0, 1, 3],
      [1.6, 0, 0.2, 0, 1.4, 0.3],
    ],
    { size: [5, 4] },
  ),
  ...warped(normal([2, 3, 4, 2]), "grows", [[0.5, 0, -0.25, 0, 0.4, -0.3], turned([7, 8], 0.2)], { size: [7, 8] }),
  // Sizes of data sets, with what augmentation does there.
  ...warped(
    normal([5, 28, 28, 1]),
    "turned, zoomed, shifted",
    [-0.17, -0.05, 0, 0.1, 0.17].map((angle, index) =>
      turned([28, 28], angle, [0.9 + 0.05 * index, 0.9 + 0.05 * index], [2.7 - index, index - 1.3]),
    ),
  ),
  ...warped(
    normal([3, 32, 32, 3]),
    "flipped and shifted",
    [
      [-1, 0, 31, 0, 1, 0],
      [1, 0, 4, 0, 1, -3],
      [-1, 0, 28, 0, 1, 2],
    ],
    { fillModes: ["reflect", "constant"] },
  ),
  ...warped(choice([2, 5, 5, 1], [-1e30, 0, 1e30]), "far apart", [turned([5, 5], 0.4), turned([5, 5], 1, [2, 2])], {
    interpolations: ["nearest"],
  }),
];
