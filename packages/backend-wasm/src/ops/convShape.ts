import type { Attributes, Shape } from "@convoy/core/backend";
import { sizes4 } from "../program/opWriter.js";

/** The settings that all convolution kernels begin with. */
export interface ConvShape {
  readonly H: number;
  readonly W: number;
  readonly C: number;
  readonly F: number;
  readonly OH: number;
  readonly OW: number;
  readonly KH: number;
  readonly KW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly top: number;
  readonly left: number;
  readonly dilationH: number;
  readonly dilationW: number;
  readonly padded: number;
}

/** Sizes of a convolution of input [N,H,W,C] with kernel [KH,KW,C,F] to [N,OH,OW,F]. */
export function convShape(input: Shape, kernel: Shape, output: Shape, attributes: Attributes): ConvShape {
  const { strides, padding, dilation } = attributes as unknown as {
    strides: [number, number];
    padding: [number, number, number, number];
    dilation: [number, number];
  };
  const [, H, W, C] = sizes4(input);
  const [KH, KW, , F] = sizes4(kernel);
  const [, OH, OW] = sizes4(output);
  const [top, , left] = padding;
  const below = (OH - 1) * strides[0] + (KH - 1) * dilation[0] - top >= H;
  const beside = (OW - 1) * strides[1] + (KW - 1) * dilation[1] - left >= W;
  return {
    H,
    W,
    C,
    F,
    OH,
    OW,
    KH,
    KW,
    strideH: strides[0],
    strideW: strides[1],
    top,
    left,
    dilationH: dilation[0],
    dilationW: dilation[1],
    padded: Number(top > 0 || left > 0 || below || beside),
  };
}

/** Input rows that `rows` output rows read. */
export function inputRows({ strideH, KH, dilationH }: ConvShape, rows: number): number {
  return (rows - 1) * strideH + (KH - 1) * dilationH + 1;
}

/** Columns of a padded band. */
export function bandColumns({ padded, W, OW, strideW, KW, dilationW }: ConvShape): number {
  return padded ? (OW - 1) * strideW + (KW - 1) * dilationW + 1 : W;
}

/** Bytes that a band of `rows` output rows takes when it is copied; 0 when the input itself is read. */
export function bandBytes(shape: ConvShape, rows: number): number {
  return shape.padded ? inputRows(shape, rows) * bandColumns(shape) * shape.C * 4 : 0;
}

/** Contiguous taps: a whole kernel row, or one pixel with dilated columns; as they are and as whole vectors. */
export function tapRuns({ KW, C, dilationW }: ConvShape): { run: number; runPadded: number; runs: number } {
  const run = dilationW > 1 ? C : KW * C;
  return { run, runPadded: Math.ceil(run / 4) * 4, runs: dilationW > 1 ? KW : 1 };
}

/** Hands out places in scratch memory, each on a cache line and with room to read and write a little too far. */
export class ScratchPlan {
  bytes = 256;

  place(bytes: number): number {
    const offset = this.bytes;
    this.bytes += Math.ceil((bytes + 64) / 64) * 64;
    return offset;
  }
}
