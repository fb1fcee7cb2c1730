import type { OpAttributes, Shape } from "@convoy/core/backend";
import type { Arguments } from "./arguments.js";
import { packDivisors } from "./divisor.js";

/** Sizes of a convolution; of a dense layer with every window 1. */
export interface ConvolutionShape {
  readonly N: number;
  readonly H: number;
  readonly W: number;
  readonly C: number;
  readonly KH: number;
  readonly KW: number;
  readonly F: number;
  readonly OH: number;
  readonly OW: number;
  readonly strides: readonly [number, number];
  readonly top: number;
  readonly left: number;
  readonly dilation: readonly [number, number];
  /** Whether 2x2 max-pooling follows. */
  readonly pooled: boolean;
}

/** Of input [N,H,W,C], kernel [KH,KW,C,F] and the convolution's output [N,OH,OW,F]. */
export function convolutionShape(
  input: Shape,
  kernel: Shape,
  output: Shape,
  { strides, padding, dilation }: OpAttributes["conv2d"],
  pooled: boolean,
): ConvolutionShape {
  const [N, H, W, C] = input as [number, number, number, number];
  const [KH, KW, , F] = kernel as [number, number, number, number];
  const [, OH, OW] = output as [number, number, number];
  return { N, H, W, C, KH, KW, F, OH, OW, strides, top: padding[0], left: padding[2], dilation, pooled };
}

/** A dense layer, x [N,C] times kernel [C,F], as a convolution of single pixels. */
export function denseShape(N: number, C: number, F: number): ConvolutionShape {
  const one = { H: 1, W: 1, KH: 1, KW: 1, OH: 1, OW: 1 };
  return { N, C, F, ...one, strides: [1, 1], top: 0, left: 0, dilation: [1, 1], pooled: false };
}

/** KH * KW * C. */
export function patchLength({ KH, KW, C }: ConvolutionShape): number {
  return KH * KW * C;
}

/** Sizes after 2x2 pooling: what no window covers is left out. */
function pooledSize({ OH, OW }: ConvolutionShape): [number, number] {
  return [Math.floor(OH / 2), Math.floor(OW / 2)];
}

/** Output positions that are computed: with pooling four a window. */
export function positionsOf(shape: ConvolutionShape): number {
  const [PH, PW] = pooledSize(shape);
  return shape.pooled ? shape.N * PH * PW * 4 : shape.N * shape.OH * shape.OW;
}

/** Adds a `ConvolutionShape` of kernels/convolution.h. */
export function packConvolutionShape(to: Arguments, shape: ConvolutionShape): void {
  const { N, H, W, C, KH, KW, F, OH, OW, strides, top, left, dilation } = shape;
  const [PH, PW] = pooledSize(shape);
  to.int(N, H, W, C, KH, KW, F, OH, OW, PH, PW, ...strides, top, left, ...dilation);
  // A pooling without a window is never asked for; 1 keeps the division defined.
  packDivisors(to, [C, F, KW, H * W, W, OH * OW, OW, Math.max(1, PH * PW), Math.max(1, PW), ...strides]);
}
