import type { Shape } from "../ops/definition.js";
import type { OpAttributes } from "../ops/index.js";
import type { WindowAttributes } from "../ops/window.js";

/**
 * The sizes of a convolution or pooling by the names that every kernel calls them: a window [KH,KW] that moves over
 * [N,H,W,C] and gives [N,OH,OW,_]. Window position kh of output row oh reads input row oh * strideH + kh * dilationH - top.
 */
export interface WindowGeometry {
  readonly N: number;
  readonly H: number;
  readonly W: number;
  readonly C: number;
  readonly KH: number;
  readonly KW: number;
  readonly OH: number;
  readonly OW: number;
  readonly strideH: number;
  readonly strideW: number;
  /** Rows of padding above and columns to the left. */
  readonly top: number;
  readonly left: number;
  readonly dilationH: number;
  readonly dilationW: number;
}

/** Of an input [N,H,W,C], a window [KH,KW] and an output [N,OH,OW,_]. */
export function windowGeometry(
  input: Shape,
  [KH, KW]: readonly [number, number],
  output: Shape,
  { strides: [strideH, strideW], padding: [top, , left], dilation: [dilationH, dilationW] }: WindowAttributes,
): WindowGeometry {
  const [N, H, W, C] = input as [number, number, number, number];
  const [, OH, OW] = output as [number, number, number];
  return { N, H, W, C, KH, KW, OH, OW, strideH, strideW, top, left, dilationH, dilationW };
}

/** Of a convolution, which also has F filters: input [N,H,W,C], kernel [KH,KW,C,F], output [N,OH,OW,F]. */
export function convolutionGeometry(
  input: Shape,
  kernel: Shape,
  output: Shape,
  attributes: WindowAttributes,
): WindowGeometry & { readonly F: number } {
  const [KH, KW, , F] = kernel as [number, number, number, number];
  return { ...windowGeometry(input, [KH, KW], output, attributes), F };
}

/** Whether some position of some window lies outside the input. */
export function readsPadding(window: WindowGeometry): boolean {
  const { H, W, KH, KW, OH, OW, strideH, strideW, top, left, dilationH, dilationW } = window;
  const below = (OH - 1) * strideH + (KH - 1) * dilationH - top >= H;
  const beside = (OW - 1) * strideW + (KW - 1) * dilationW - left >= W;
  return top > 0 || left > 0 || below || beside;
}

/** Whether a pooling has 2x2 windows side by side and no padding, as nearly every network's has. */
export function isPooling2x2({ poolSize, strides, padding, dilation }: OpAttributes["maxPool2d"]): boolean {
  return (
    [...poolSize, ...strides].every((size) => size === 2) &&
    padding.every((size) => size === 0) &&
    dilation.every((size) => size === 1)
  );
}
