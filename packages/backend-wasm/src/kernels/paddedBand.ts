import { convolutionGeometry, type OpAttributes, readsPadding, type Shape } from "@convoy/core/backend";

/** The sizes of a convolution as its kernels take them. */
export type Convolution = ReturnType<typeof convolutionGeometry> & {
  /** 1 where any output reads padding, otherwise 0. */
  readonly padded: number;
};

/** Of a convolution of input [N,H,W,C] with kernel [KH,KW,C,F] to [N,OH,OW,F]. */
export function convolutionOf(
  input: Shape,
  kernel: Shape,
  output: Shape,
  attributes: OpAttributes["conv2d"],
): Convolution {
  const geometry = convolutionGeometry(input, kernel, output, attributes);
  return { ...geometry, padded: Number(readsPadding(geometry)) };
}

/** Whether each output reads one pixel, its own: a matrix product of all pixels with the kernel. */
export function isPointwise({ KH, KW, strideH, strideW, H, W, OH, OW }: Convolution): boolean {
  return KH === 1 && KW === 1 && strideH === 1 && strideW === 1 && OH === H && OW === W;
}

/** Input rows that `rows` output rows read. */
export function inputRows({ strideH, KH, dilationH }: Convolution, rows: number): number {
  return (rows - 1) * strideH + (KH - 1) * dilationH + 1;
}

/** Columns of a band: those that the outputs read where it is padded, otherwise the image's. */
export function bandColumns({ padded, W, OW, strideW, KW, dilationW }: Convolution): number {
  return padded ? (OW - 1) * strideW + (KW - 1) * dilationW + 1 : W;
}

/** Bytes that a band of `rows` output rows takes when it is copied; 0 when the input itself is read. */
export function bandBytes(shape: Convolution, rows: number): number {
  return shape.padded ? inputRows(shape, rows) * bandColumns(shape) * shape.C * 4 : 0;
}

/** Contiguous taps: a whole kernel row, or one pixel with dilated columns; as they are and as whole vectors. */
export function tapRuns({ KW, C, dilationW }: Convolution): { run: number; runPadded: number; runs: number } {
  const run = dilationW > 1 ? C : KW * C;
  return { run, runPadded: Math.ceil(run / 4) * 4, runs: dilationW > 1 ? KW : 1 };
}
