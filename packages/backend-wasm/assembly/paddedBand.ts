/**
 * What all convolution kernels share: a band of input rows with its padding around it.
 *
 * A band is the rows that some consecutive output rows read. Where a convolution has no padding the band is the input itself;
 * otherwise it is copied to scratch memory with zeros around it, so that inner loops need no tests. The copy costs 8 bytes a
 * number, under one part in KH KW F of the work.
 */

import { ConvolutionArgs } from "./generated/args";

/** Input rows that `rows` output rows read. */
// @inline
export function bandInputRows(shape: ConvolutionArgs, rows: i32): i32 {
  return (rows - 1) * shape.strideH + (shape.KH - 1) * shape.dilationH + 1;
}

/** Columns of a padded band: those that the outputs read. */
// @inline
export function bandColumns(shape: ConvolutionArgs): i32 {
  return shape.padded ? (shape.OW - 1) * shape.strideW + (shape.KW - 1) * shape.dilationW + 1 : shape.W;
}

/** Where the band of output rows [firstRow, firstRow + rows) of the image at `x` starts; copied to `space` if padded. */
export function inputBand(shape: ConvolutionArgs, x: usize, firstRow: i32, rows: i32, space: usize): usize {
  const rowBytes = (<usize>(shape.W * shape.C)) << 2;
  if (!shape.padded) return x + <usize>(firstRow * shape.strideH) * rowBytes;
  const columns = bandColumns(shape);
  const pixelBytes = (<usize>shape.C) << 2;
  const bandRowBytes = <usize>columns * pixelBytes;
  const inputRows = bandInputRows(shape, rows);
  const firstInput = firstRow * shape.strideH - shape.top;
  const copied = min(shape.W, columns - shape.left);
  const before = <usize>shape.left * pixelBytes;
  const inside = <usize>copied * pixelBytes;
  let to = space;
  for (let r = 0; r < inputRows; r++) {
    const row = firstInput + r;
    if (<u32>row >= <u32>shape.H) {
      memory.fill(to, 0, bandRowBytes);
    } else {
      memory.fill(to, 0, before);
      memory.copy(to + before, x + <usize>row * rowBytes, inside);
      memory.fill(to + before + inside, 0, bandRowBytes - before - inside);
    }
    to += bandRowBytes;
  }
  return space;
}
