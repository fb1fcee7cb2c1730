import { convolutionGeometry, type OpAttributes, type Shape, type WindowGeometry } from "@convoy/core/backend";
import { divisorOf } from "../arguments/divisor.js";
import type { StructValues } from "../arguments/pack.js";

/** Sizes of a convolution; of a dense layer with every window 1. */
export interface ConvolutionSizes extends WindowGeometry {
  readonly F: number;
  /** Whether 2x2 max-pooling follows. */
  readonly pooled: boolean;
}

/** Of input [N,H,W,C], kernel [KH,KW,C,F] and the convolution's output [N,OH,OW,F]. */
export function convolutionSizes(
  input: Shape,
  kernel: Shape,
  output: Shape,
  attributes: OpAttributes["conv2d"],
  pooled: boolean,
): ConvolutionSizes {
  return { ...convolutionGeometry(input, kernel, output, attributes), pooled };
}

/** A dense layer, x [N,C] times kernel [C,F], as a convolution of single pixels. */
export function denseSizes(N: number, C: number, F: number): ConvolutionSizes {
  const attributes = { strides: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
  return convolutionSizes([N, 1, 1, C], [1, 1, C, F], [N, 1, 1, F], attributes, false);
}

/** KH * KW * C. */
export function patchLength({ KH, KW, C }: ConvolutionSizes): number {
  return KH * KW * C;
}

/** Sizes after 2x2 pooling: what no window covers is left out. */
function pooledSize({ OH, OW }: ConvolutionSizes): [number, number] {
  return [Math.floor(OH / 2), Math.floor(OW / 2)];
}

/** Output positions that are computed: with pooling four a window. */
export function positionsOf(sizes: ConvolutionSizes): number {
  const [PH, PW] = pooledSize(sizes);
  return sizes.pooled ? sizes.N * PH * PW * 4 : sizes.N * sizes.OH * sizes.OW;
}

/** What the kernels take of the sizes. */
export function convolutionShape(sizes: ConvolutionSizes): StructValues<"ConvolutionShape"> {
  const { H, W, C, KW, F, OH, OW, strideH, strideW } = sizes;
  const [PH, PW] = pooledSize(sizes);
  return {
    ...sizes,
    PH,
    PW,
    byC: divisorOf(C),
    byF: divisorOf(F),
    byKW: divisorOf(KW),
    byInputArea: divisorOf(H * W),
    byW: divisorOf(W),
    byOutputArea: divisorOf(OH * OW),
    byOW: divisorOf(OW),
    // A pooling without a window is never asked for; 1 keeps the division defined.
    byPooledArea: divisorOf(Math.max(1, PH * PW)),
    byPW: divisorOf(Math.max(1, PW)),
    byStrideH: divisorOf(strideH),
    byStrideW: divisorOf(strideW),
  };
}
