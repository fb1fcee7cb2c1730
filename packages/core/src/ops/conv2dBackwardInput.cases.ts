import { integers } from "./caseInputs.js";
import { conv2dOutputShape } from "./conv2d.js";
import { type ConvolutionSetting, convolutionCase } from "./convolutionCase.js";
import { float32, type Shape } from "./definition.js";
import type { OpCase } from "./opCase.js";
import { sum } from "./tolerances.js";

/** A transposed convolution that gives [N,H,W,C] with kernel [KH,KW,C,F], both gradients included. */
function transposed(result: Shape, kernel: Shape, setting: ConvolutionSetting = {}): OpCase<"conv2dBackwardInput"> {
  const { name, attributes, fill } = convolutionCase(result, kernel, setting);
  const input = conv2dOutputShape(float32(result), float32(kernel), attributes);
  const [N, OH, OW] = input as [number, number, number, number];
  const [KH, KW, C, F] = kernel as [number, number, number, number];
  return {
    op: "conv2dBackwardInput",
    name: `to ${name}`,
    attributes: { ...attributes, inputShape: result },
    inputs: [fill(input), fill(kernel)],
    tolerance: sum(KH * KW * F),
    differentiate: [
      { input: 0, tolerance: sum(KH * KW * C) },
      { input: 1, tolerance: sum(N * OH * OW) },
    ],
  };
}

export const conv2dBackwardInputCases: readonly OpCase<"conv2dBackwardInput">[] = [
  transposed([1, 1, 1, 1], [1, 1, 1, 1]),
  transposed([2, 5, 6, 3], [3, 3, 3, 4]),
  transposed([1, 7, 7, 5], [3, 3, 5, 17], { padding: "same" }),
  // Twice the size, as decoders use it: windows that touch, overlap, and leave gaps.
  transposed([2, 8, 10, 3], [2, 2, 3, 5], { strides: [2, 2] }),
  transposed([1, 8, 8, 4], [4, 4, 4, 3], { strides: [2, 2], padding: "same" }),
  transposed([2, 6, 8, 3], [3, 3, 3, 5], { strides: [2, 2], padding: "same" }),
  transposed([1, 8, 9, 2], [2, 1, 2, 3], { strides: [3, 2] }),
  // Rows and columns of the result that nothing reaches.
  transposed([2, 11, 10, 2], [3, 3, 2, 5], { strides: [2, 3] }),
  transposed([1, 9, 9, 2], [3, 2, 2, 3], { dilation: [1, 3], strides: [2, 1], padding: "same" }),
  transposed([2, 28, 28, 1], [3, 3, 1, 32], { padding: "same" }),
  transposed([2, 6, 6, 3], [3, 3, 3, 5], { fill: integers }),
];
