import { formatShape, ShapeError } from "../errors.js";
import { expectRank, expectSameShape } from "./checks.js";
import type { Conv2dAttributes } from "./conv2d.js";
import type { Conv2dBackwardFilterAttributes } from "./conv2dBackwardFilter.js";
import type { Conv2dBackwardInputAttributes } from "./conv2dBackwardInput.js";
import { float32, type OpDefinition, type Shape, sizeOf, type TensorSpec } from "./definition.js";
import { spatial, windowOutputSize } from "./window.js";

/** 2 * outputs * KH * KW: the same for the forward op and both its gradients. */
function depthwiseFlops(kernel: Shape, output: Shape): number {
  return 2 * sizeOf(output) * kernel[0]! * kernel[1]!;
}

/** Output shape [N,OH,OW,C*M] of input [N,H,W,C] and kernel [KH,KW,C,M]. */
export function depthwiseConv2dOutputShape(
  op: string,
  input: TensorSpec,
  kernel: TensorSpec,
  attributes: Conv2dAttributes,
): Shape {
  expectRank(`${op}: input`, input, 4);
  expectRank(`${op}: kernel`, kernel, 4);
  const [batch, , , channels] = input.shape as [number, number, number, number];
  const [kernelHeight, kernelWidth, kernelChannels, multiplier] = kernel.shape as [number, number, number, number];
  if (channels !== kernelChannels) {
    throw new ShapeError(
      `${op}: input has ${channels} channels, kernel expects ${kernelChannels} ` +
        `(input ${formatShape(input.shape)}, kernel ${formatShape(kernel.shape)})`,
    );
  }
  const size = windowOutputSize(op, spatial(input.shape), [kernelHeight, kernelWidth], attributes);
  return [batch, ...size, channels * multiplier];
}

/** y[n,oh,ow,c*M+m] = sum over kh,kw of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] * k[kh,kw,c,m] */
export const depthwiseConv2d: OpDefinition<Conv2dAttributes> = {
  summary:
    "cross-correlation of each channel with M kernels of its own: input [N,H,W,C], kernel [KH,KW,C,M] -> [N,OH,OW,C*M]",
  inputs: ["input", "kernel"],
  outputs: ["output"],
  inferOutputs([input, kernel], attributes) {
    return [float32(depthwiseConv2dOutputShape("depthwiseConv2d", input!, kernel!, attributes))];
  },
  gradient({ inputs: [input, kernel], attributes, outputGradient, needs, emit }) {
    const gradient = outputGradient(0);
    return [
      needs(0)
        ? emit("depthwiseConv2dBackwardInput", [gradient, kernel!], { ...attributes, inputShape: input!.shape })[0]
        : undefined,
      needs(1)
        ? emit("depthwiseConv2dBackwardFilter", [input!, gradient], { ...attributes, kernelShape: kernel!.shape })[0]
        : undefined,
    ];
  },
  flops: ([, kernel], [output]) => depthwiseFlops(kernel!.shape, output!.shape),
};

/** dx[n,h,w,c] = sum over m and all (oh,kh), (ow,kw) that read (h,w) of dy[n,oh,ow,c*M+m] * k[kh,kw,c,m] */
export const depthwiseConv2dBackwardInput: OpDefinition<Conv2dBackwardInputAttributes> = {
  summary: "gradient of depthwiseConv2d for its input: outputGradient [N,OH,OW,C*M], kernel [KH,KW,C,M] -> [N,H,W,C]",
  inputs: ["outputGradient", "kernel"],
  outputs: ["inputGradient"],
  inferOutputs([outputGradient, kernel], attributes) {
    const op = "depthwiseConv2dBackwardInput";
    const expected = depthwiseConv2dOutputShape(op, float32(attributes.inputShape), kernel!, attributes);
    expectSameShape(`${op}: outputGradient`, outputGradient!.shape, expected);
    return [float32(attributes.inputShape)];
  },
  flops: ([outputGradient, kernel]) => depthwiseFlops(kernel!.shape, outputGradient!.shape),
};

/** dk[kh,kw,c,m] = sum over n,oh,ow of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] * dy[n,oh,ow,c*M+m] */
export const depthwiseConv2dBackwardFilter: OpDefinition<Conv2dBackwardFilterAttributes> = {
  summary: "gradient of depthwiseConv2d for its kernel: input [N,H,W,C], outputGradient [N,OH,OW,C*M] -> [KH,KW,C,M]",
  inputs: ["input", "outputGradient"],
  outputs: ["kernelGradient"],
  inferOutputs([input, outputGradient], attributes) {
    const op = "depthwiseConv2dBackwardFilter";
    const expected = depthwiseConv2dOutputShape(op, input!, float32(attributes.kernelShape), attributes);
    expectSameShape(`${op}: outputGradient`, outputGradient!.shape, expected);
    return [float32(attributes.kernelShape)];
  },
  flops: ([, outputGradient], [kernelGradient]) => depthwiseFlops(kernelGradient!.shape, outputGradient!.shape),
};
