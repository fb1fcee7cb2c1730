/**
 * The inputs of Winograd's tiles, read from where they are and transformed: V = B^T d B.
 *
 * Cost: some 300 operations for four channels of a tile of 6 x 6. Tiles that reach into padding or beyond the end, and those
 * of a gradient behind an elementwise function, are copied first.
 */

import { WinogradTilesArgs } from "./generated/args";
import { scratch } from "./step";
import { unaryBackwardRange } from "./unary";
import { HALF_LINE, inputColumn, inputRow } from "./winogradTransforms";

/**
 * V of one tile of all samples' tiles: four channels at `to`, the next four `groupStep` bytes behind them, matrices
 * `stride` bytes apart. `patch`: room for the inputs of a tile.
 */
export function transformTile(
  args: WinogradTilesArgs,
  factors: usize,
  tile: i32,
  patch: usize,
  to: usize,
  groupStep: usize,
  stride: usize,
): void {
  const column = tile % args.gridColumns;
  const rest = tile / args.gridColumns;
  const row = rest % args.gridRows;
  const sample = rest / args.gridRows;
  const tileH = args.tileH;
  const tileW = args.tileW;
  const top = args.firstRow + row * (tileH - 2) - args.top;
  const left = args.firstColumn + column * (tileW - 2) - args.left;
  const pixel = (<usize>args.C) << 2;
  const line = <usize>args.W * pixel;
  const inside = top >= 0 && left >= 0 && top + tileH <= args.H && left + tileW <= args.W;
  if (inside && args.masks === 0) {
    const from = args.x + <usize>(sample * args.H + top) * line + <usize>left * pixel;
    transformPatch(args, factors, from, line, to, groupStep, stride);
    return;
  }
  copyPatch(args, sample, top, left, tileH, tileW, patch);
  transformPatch(args, factors, patch, <usize>tileW * pixel, to, groupStep, stride);
}

/** Copies rows x columns pixels of a sample from (top, left) on, the gradient of what they are outputs of where it is one. */
export function copyPatch(
  args: WinogradTilesArgs,
  sample: i32,
  top: i32,
  left: i32,
  rows: i32,
  columns: i32,
  patch: usize,
): void {
  const pixel = (<usize>args.C) << 2;
  const line = <usize>columns * pixel;
  const firstColumn = min(columns, max(0, -left));
  const endColumn = max(firstColumn, min(columns, args.W - left));
  const before = <usize>firstColumn * pixel;
  const inside = <usize>(endColumn - firstColumn) * pixel;
  for (let i = 0; i < rows; i++) {
    const h = top + i;
    if (<u32>h < <u32>args.H) {
      const at = <usize>((sample * args.H + h) * args.W + left + firstColumn) * pixel;
      clear(patch, before);
      if (args.masks !== 0) {
        const count = <i32>(inside >> 2);
        unaryBackwardRange(args.x + at, args.masks + at, patch + before, count, args.maskUnary, args.maskAlpha);
      } else copy(patch + before, args.x + at, inside);
      clear(patch + before + inside, line - before - inside);
    } else clear(patch, line);
    patch += line;
  }
}

/** Whole vectors: fewer than a call of the engine's copy pays for. */
// @inline
function copy(to: usize, from: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, v128.load(from + i));
}

// @inline
function clear(to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, f32x4.splat(0));
}

/** B^T d B of a patch whose rows are `line` bytes apart. */
function transformPatch(
  args: WinogradTilesArgs,
  factors: usize,
  patch: usize,
  line: usize,
  to: usize,
  groupStep: usize,
  stride: usize,
): void {
  const tileH = args.tileH;
  const tileW = args.tileW;
  const pixel = (<usize>args.C) << 2;
  const half = scratch();
  const halfEnd = half + ((<usize>tileW) << 4);
  const linesEnd = half + <usize>tileH * HALF_LINE;
  const step = <usize>tileW * stride;
  for (let c: usize = 0; c < pixel; c += 16) {
    let from = patch + c;
    for (let j = half; j < halfEnd; j += 16) {
      inputColumn(factors, tileH, from, line, j);
      from += pixel;
    }
    let v = to;
    for (let i = half; i < linesEnd; i += HALF_LINE) {
      inputRow(factors, tileW, i, v, stride);
      v += step;
    }
    to += groupStep;
  }
}
