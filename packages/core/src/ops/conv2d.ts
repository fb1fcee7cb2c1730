import { formatShape, ShapeError } from "../errors.js";
import { expectRank } from "./checks.js";
import { float32, type OpDefinition, type Shape, sizeOf, type TensorSpec } from "./definition.js";
import { spatial, type WindowAttributes, windowOutputSize } from "./window.js";

export interface Conv2dAttributes extends WindowAttributes {}

/** 2 * outputs * KH * KW * C: the same for the forward op and both its gradients. */
export function conv2dFlops(kernel: Shape, output: Shape): number {
  const [kernelHeight, kernelWidth, channels] = kernel as [number, number, number, number];
  return 2 * sizeOf(output) * kernelHeight * kernelWidth * channels;
}

/** Output shape [N,OH,OW,F] of input [N,H,W,C] and kernel [KH,KW,C,F]. */
export function conv2dOutputShape(input: TensorSpec, kernel: TensorSpec, attributes: Conv2dAttributes): Shape {
  expectRank("conv2d: input", input, 4);
  expectRank("conv2d: kernel", kernel, 4);
  const channels = input.shape[3] as number;
  if (channels !== kernel.shape[2]) {
    throw new ShapeError(
      `conv2d: input has ${channels} channels, kernel expects ${kernel.shape[2]} ` +
        `(input ${formatShape(input.shape)}, kernel ${formatShape(kernel.shape)})`,
    );
  }
  const kernelSize = [kernel.shape[0] as number, kernel.shape[1] as number] as const;
  const [outputHeight, outputWidth] = windowOutputSize("conv2d", spatial(input.shape), kernelSize, attributes);
  return [input.shape[0] as number, outputHeight, outputWidth, kernel.shape[3] as number];
}

/** y[n,oh,ow,f] = sum over kh,kw,c of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] * k[kh,kw,c,f] */
export const conv2d: OpDefinition<Conv2dAttributes> = {
  summary: "cross-correlation: input [N,H,W,C], kernel [KH,KW,C,F] -> [N,OH,OW,F]",
  inputs: ["input", "kernel"],
  outputs: ["output"],
  inferOutputs([input, kernel], attributes) {
    return [float32(conv2dOutputShape(input!, kernel!, attributes))];
  },
  gradient({ inputs: [input, kernel], attributes, outputGradient, needs, emit }) {
    const gradient = outputGradient(0);
    return [
      needs(0)
        ? emit("conv2dBackwardInput", [gradient, kernel!], { ...attributes, inputShape: input!.shape })[0]
        : undefined,
      needs(1)
        ? emit("conv2dBackwardFilter", [input!, gradient], { ...attributes, kernelShape: kernel!.shape })[0]
        : undefined,
    ];
  },
  flops: ([, kernel], [output]) => conv2dFlops(kernel!.shape, output!.shape),
};
