import { integers } from "./caseInputs.js";
import { type ConvolutionSetting, convolutionCase, zeros } from "./convolutionCase.js";
import { float32, type Shape } from "./definition.js";
import { depthwiseConv2dOutputShape } from "./depthwiseConv2d.js";
import type { OpCase } from "./opCase.js";
import { sum } from "./tolerances.js";

/** A depthwise convolution of input [N,H,W,C] with kernel [KH,KW,C,M], both gradients included. */
function depthwise(input: Shape, kernel: Shape, setting: ConvolutionSetting = {}): OpCase<"depthwiseConv2d"> {
  const { name, attributes, fill } = convolutionCase(input, kernel, setting);
  const output = depthwiseConv2dOutputShape("depthwiseConv2d", float32(input), float32(kernel), attributes);
  const [N, OH, OW] = output as [number, number, number, number];
  const [KH, KW, , M] = kernel as [number, number, number, number];
  return {
    op: "depthwiseConv2d",
    name,
    attributes,
    inputs: [fill(input), fill(kernel)],
    tolerance: sum(KH * KW),
    differentiate: [
      { input: 0, tolerance: sum(KH * KW * M) },
      { input: 1, tolerance: sum(N * OH * OW) },
    ],
  };
}

export const depthwiseConv2dCases: readonly OpCase<"depthwiseConv2d">[] = [
  depthwise([1, 1, 1, 1], [1, 1, 1, 1]),
  depthwise([1, 3, 3, 1], [3, 3, 1, 1]),
  // Channels and multipliers that fill no vector of four.
  depthwise([2, 5, 6, 3], [3, 3, 3, 1]),
  depthwise([2, 5, 6, 3], [3, 3, 3, 2]),
  depthwise([1, 6, 5, 2], [3, 3, 2, 7]),
  depthwise([1, 7, 7, 17], [3, 3, 17, 1]),
  depthwise([1, 5, 5, 5], [3, 3, 5, 4]),
  depthwise([2, 6, 9, 1], [3, 3, 1, 6]),
  depthwise([3, 4, 7, 5], [1, 1, 5, 3]),
  // Kernels that are not square.
  depthwise([2, 1, 9, 4], [1, 3, 4, 1]),
  depthwise([1, 9, 7, 3], [5, 2, 3, 2]),
  // Padding, strides, dilation.
  depthwise([2, 9, 8, 4], [3, 3, 4, 1], { padding: "same" }),
  depthwise([1, 10, 11, 3], [2, 2, 3, 2], { padding: "same" }),
  depthwise([2, 5, 6, 3], [3, 3, 3, 2], { padding: [0, 1, 2, 0] }),
  depthwise([1, 2, 2, 3], [3, 3, 3, 1], { padding: "same" }),
  depthwise([2, 9, 8, 3], [3, 3, 3, 1], { strides: [2, 2], padding: "same" }),
  depthwise([2, 11, 10, 2], [3, 3, 2, 3], { strides: [2, 3] }),
  depthwise([1, 8, 8, 3], [2, 2, 3, 1], { strides: [3, 3] }),
  depthwise([1, 12, 13, 3], [3, 3, 3, 2], { dilation: [2, 2] }),
  depthwise([1, 9, 9, 2], [3, 2, 2, 1], { dilation: [1, 3], strides: [2, 1], padding: "same" }),
  // The layers of the models that people train.
  depthwise([2, 14, 14, 64], [3, 3, 64, 1], { padding: "same" }),
  depthwise([2, 28, 28, 32], [3, 3, 32, 1], { padding: "same", strides: [2, 2] }),
  depthwise([1, 14, 14, 48], [5, 5, 48, 1], { padding: "same" }),
  // Values on which nothing is rounded, and nothing at all.
  depthwise([2, 6, 6, 3], [3, 3, 3, 2], { fill: integers }),
  depthwise([1, 5, 5, 4], [3, 3, 4, 1], { fill: zeros }),
];
