import { choice, normal, times } from "./caseInputs.js";
import type { CaseInput, OpCase } from "./opCase.js";
import type { Interpolation } from "./resize2d.js";
import { exact, sum } from "./tolerances.js";

/** Everything that is tried in both ways. */
const resizings: readonly { readonly input: CaseInput; readonly size: readonly [number, number] }[] = [
  { input: normal([1, 1, 1, 1]), size: [1, 1] },
  { input: normal([2, 1, 1, 3]), size: [3, 2] },
  { input: normal([1, 2, 2, 1]), size: [4, 4] },
  { input: normal([2, 5, 7, 3]), size: [10, 14] },
  // Smaller: most pixels have no output near them, and no gradient.
  { input: normal([1, 4, 4, 2]), size: [3, 3] },
  { input: normal([1, 9, 12, 5]), size: [2, 3] },
  { input: normal([2, 6, 6, 4]), size: [1, 1] },
  // Positions at the border between two pixels: where a rounding picks the wrong one.
  { input: normal([1, 6, 10, 1]), size: [9, 15] },
  { input: normal([1, 7, 3, 2]), size: [21, 49] },
  // One axis grows, the other shrinks or stays.
  { input: normal([2, 3, 8, 5]), size: [7, 5] },
  { input: normal([2, 4, 6, 3]), size: [4, 13] },
  { input: normal([2, 7, 7, 32]), size: [14, 14] },
];

function resized(interpolation: Interpolation): OpCase<"resize2d">[] {
  return resizings.map(({ input, size }) => {
    const [, height, width] = input.shape as [number, number, number];
    const outputsOf = (axis: 0 | 1): number => Math.ceil((2 * size[axis]) / [height, width][axis]!) + 1;
    return {
      op: "resize2d",
      name: `${times(input.shape)} to ${times(size)}, ${interpolation}`,
      attributes: { size, interpolation },
      inputs: [input],
      tolerance: interpolation === "nearest" ? exact : sum(4),
      differentiate: [{ input: 0, tolerance: sum(outputsOf(0) * outputsOf(1)) }],
    };
  });
}

export const resize2dCases: readonly OpCase<"resize2d">[] = [
  ...resized("nearest"),
  ...resized("bilinear"),
  {
    op: "resize2d",
    name: "1x3x3x2 to 6x6, nearest, far apart",
    attributes: { size: [6, 6], interpolation: "nearest" },
    inputs: [choice([1, 3, 3, 2], [-1e30, 0, 1e30])],
    tolerance: exact,
  },
];
