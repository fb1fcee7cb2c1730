import { integers } from "./caseInputs.js";
import { conv2dOutputShape } from "./conv2d.js";
import { type ConvolutionSetting, convolutionCase, zeros } from "./convolutionCase.js";
import { float32, type Shape } from "./definition.js";
import type { OpCase } from "./opCase.js";
import { sum } from "./tolerances.js";

/** A convolution of input [N,H,W,C] with kernel [KH,KW,C,F], both gradients included. */
function convolution(input: Shape, kernel: Shape, setting: ConvolutionSetting = {}): OpCase<"conv2d"> {
  const { name, attributes, fill } = convolutionCase(input, kernel, setting);
  const [N, OH, OW, F] = conv2dOutputShape(float32(input), float32(kernel), attributes) as [
    number,
    number,
    number,
    number,
  ];
  const [KH, KW, C] = kernel as [number, number, number, number];
  return {
    op: "conv2d",
    name,
    attributes,
    inputs: [fill(input), fill(kernel)],
    tolerance: sum(KH * KW * C),
    differentiate: [
      { input: 0, tolerance: sum(KH * KW * F) },
      { input: 1, tolerance: sum(N * OH * OW) },
    ],
  };
}

export const conv2dCases: readonly OpCase<"conv2d">[] = [
  // The smallest there is.
  convolution([1, 1, 1, 1], [1, 1, 1, 1]),
  convolution([1, 3, 3, 1], [3, 3, 1, 1]),
  // Channels that fill no vector of four.
  convolution([2, 5, 6, 3], [3, 3, 3, 4]),
  convolution([1, 7, 7, 5], [3, 3, 5, 17]),
  convolution([3, 8, 7, 17], [1, 1, 17, 5]),
  convolution([2, 9, 9, 3], [5, 5, 3, 7]),
  convolution([2, 5, 5, 16], [3, 3, 16, 16]),
  convolution([2, 6, 9, 1], [3, 3, 1, 6]),
  // Kernels that are not square.
  convolution([2, 1, 9, 4], [1, 3, 4, 3]),
  convolution([2, 9, 7, 3], [5, 1, 3, 4]),
  convolution([1, 7, 9, 3], [1, 5, 3, 4], { padding: "same" }),
  convolution([1, 6, 8, 2], [3, 2, 2, 5]),
  // Padding, even and uneven.
  convolution([2, 9, 8, 4], [3, 3, 4, 8], { padding: "same" }),
  convolution([1, 10, 11, 3], [2, 2, 3, 6], { padding: "same" }),
  convolution([2, 8, 7, 3], [4, 4, 3, 3], { padding: "same" }),
  convolution([2, 5, 6, 3], [3, 3, 3, 5], { padding: [0, 1, 2, 0] }),
  convolution([1, 4, 5, 2], [3, 3, 2, 3], { padding: [2, 2, 2, 2] }),
  convolution([1, 2, 2, 3], [3, 3, 3, 5], { padding: "same" }),
  // Strides, with and without rows and columns that no window reads.
  convolution([2, 9, 8, 3], [3, 3, 3, 5], { strides: [2, 2], padding: "same" }),
  convolution([2, 11, 10, 2], [3, 3, 2, 5], { strides: [2, 3] }),
  convolution([2, 7, 7, 8], [1, 1, 8, 16], { strides: [2, 2] }),
  convolution([1, 8, 8, 3], [2, 2, 3, 4], { strides: [3, 3] }),
  convolution([1, 13, 11, 5], [5, 5, 5, 3], { strides: [2, 2], padding: "same" }),
  // Dilation.
  convolution([1, 12, 13, 3], [3, 3, 3, 4], { dilation: [2, 2] }),
  convolution([2, 7, 6, 3], [3, 3, 3, 5], { dilation: [2, 1], padding: "same" }),
  convolution([1, 9, 9, 2], [3, 2, 2, 3], { dilation: [1, 3], strides: [2, 1], padding: "same" }),
  // The layers of the models that people train.
  convolution([2, 28, 28, 1], [3, 3, 1, 32]),
  convolution([2, 28, 28, 1], [5, 5, 1, 6], { padding: "same" }),
  convolution([4, 13, 13, 32], [3, 3, 32, 64]),
  convolution([8, 5, 5, 64], [3, 3, 64, 64]),
  convolution([2, 8, 8, 32], [3, 3, 32, 32], { padding: "same" }),
  convolution([1, 32, 32, 3], [3, 3, 3, 16], { padding: "same", strides: [2, 2] }),
  // Enough tiles of 4 x 4 for a minimal filtering of the gradients: edges of the tiles, tiles of 2 x 2, padding beyond the
  // kernel's reach, and more tiles than are transformed at a time.
  convolution([16, 6, 5, 16], [3, 3, 16, 16]),
  convolution([16, 7, 10, 16], [3, 3, 16, 24], { padding: "same" }),
  convolution([17, 4, 4, 12], [3, 3, 12, 16], { padding: "same" }),
  convolution([4, 8, 7, 24], [3, 3, 24, 12], { padding: [2, 2, 2, 2] }),
  convolution([16, 6, 6, 16], [3, 3, 16, 16], { padding: [0, 1, 3, 0] }),
  convolution([3, 33, 33, 16], [3, 3, 16, 8], { padding: "same" }),
  // Values on which nothing is rounded, and nothing at all.
  convolution([2, 6, 6, 3], [3, 3, 3, 5], { fill: integers }),
  convolution([1, 5, 5, 4], [3, 3, 4, 4], { fill: zeros }),
];
