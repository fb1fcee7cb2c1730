/**
 * Text of convolutions in which every channel has kernels of its own: an invocation computes a strip of neighbouring outputs of
 * one row, so that the numbers that their windows share and the weights are loaded once a row of the kernel.
 */

import type { WindowGeometry } from "@convoy/core/backend";
import { unrolled } from "./shader.js";

/** Outputs of a strip, at most. */
const maxLength = 4;

/** How rows of outputs are cut into strips. */
export interface Strips {
  readonly length: number;
  readonly count: number;
}

export function stripsOf({ OW }: WindowGeometry): Strips {
  const count = Math.ceil(OW / maxLength);
  return { length: Math.ceil(OW / count), count };
}

/** Code: whether input row `h`, an i32, lies inside; empty where every row that is read does. */
export function rowInside(window: WindowGeometry): string {
  const { H, OH, KH, strideH, dilationH, top } = window;
  const last = (OH - 1) * strideH + (KH - 1) * dilationH - top;
  return top <= 0 && last < H ? "" : `h >= 0 && h < ${H}`;
}

/**
 * Code that loads every input column that some window of a strip reads, once, by `load(w)`, and calls `use(input, q, kw)` for each
 * output q that reads it and its place kw in that window. It sees the first output as the u32 `start`.
 */
export function stripColumns(
  window: WindowGeometry,
  { length, count }: Strips,
  type: string,
  load: (w: string) => string,
  use: (input: string, q: number, kw: number) => string,
): string {
  const { W, KW, strideW, dilationW, left } = window;
  const readers = new Map<number, [q: number, kw: number][]>();
  for (let q = 0; q < length; q++) {
    for (let kw = 0; kw < KW; kw++) {
      const offset = q * strideW + kw * dilationW;
      readers.set(offset, [...(readers.get(offset) ?? []), [q, kw]]);
    }
  }
  const last = (length * count - 1) * strideW + (KW - 1) * dilationW - left;
  const isInside = left <= 0 && last < W;
  const columns = [...readers].toSorted(([a], [b]) => a - b);
  return unrolled(columns.length, (column) => {
    const [offset, pairs] = columns[column]!;
    const place = `let w = i32(start) * ${strideW} + ${offset - left};`;
    const value = isInside
      ? `let input = ${load("u32(w)")};`
      : `let input = select(${type}(), ${load(`u32(clamp(w, 0, ${W - 1}))`)}, w >= 0 && w < ${W});`;
    return `{ ${place} ${value} ${pairs.map(([q, kw]) => use("input", q, kw)).join(" ")} }`;
  });
}
