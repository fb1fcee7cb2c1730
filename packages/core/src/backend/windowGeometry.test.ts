import { expect, it } from "vitest";
import { convolutionGeometry, isPooling2x2, readsPadding, windowGeometry } from "./windowGeometry.js";

const plain = { strides: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;

it("names the sizes of a convolution", () => {
  const attributes = { strides: [2, 3], padding: [1, 0, 2, 4], dilation: [1, 2] } as const;
  expect(convolutionGeometry([5, 9, 8, 3], [3, 2, 3, 7], [5, 4, 4, 7], attributes)).toEqual({
    ...{ N: 5, H: 9, W: 8, C: 3, KH: 3, KW: 2, F: 7, OH: 4, OW: 4 },
    ...{ strideH: 2, strideW: 3, top: 1, left: 2, dilationH: 1, dilationW: 2 },
  });
});

it("tells whether a window reads padding, not whether there is some", () => {
  const reads = (padding: [number, number, number, number], output: number) =>
    readsPadding(windowGeometry([1, 5, 5, 1], [2, 2], [1, output, output, 1], { ...plain, strides: [2, 2], padding }));
  expect(reads([0, 0, 0, 0], 2)).toBe(false);
  expect(reads([0, 1, 0, 1], 3)).toBe(true);
  // The last window ends at the last row: the padding below it is never read.
  expect(reads([0, 1, 0, 1], 2)).toBe(false);
  expect(reads([1, 0, 0, 0], 2)).toBe(true);
});

it("knows the usual pooling", () => {
  const usual = { ...plain, poolSize: [2, 2], strides: [2, 2] } as const;
  expect(isPooling2x2(usual)).toBe(true);
  expect(isPooling2x2({ ...usual, strides: [1, 2] })).toBe(false);
  expect(isPooling2x2({ ...usual, poolSize: [3, 3] })).toBe(false);
  expect(isPooling2x2({ ...usual, padding: [0, 1, 0, 0] })).toBe(false);
  expect(isPooling2x2({ ...usual, dilation: [1, 2] })).toBe(false);
});
