/**
 * averagePool2d y = the mean of the window's positions inside the input; averagePool2dBackward dx = the sum over the windows
 * that hold a position of dy / (positions of that window inside the input). x, dx: [N,H,W,C]; y, dy: [N,OH,OW,C].
 *
 * Cost: 4 bytes for each position of each window. Idea: small windows are summed up in a register, four channels at a time.
 * Those of many positions, such as a whole image, are read in the order in which they lie in memory into sums that stay in the
 * first-level cache. The gradient adds up windows row by row, then pixel by pixel. Tasks are rows: blocks of channels are read with gaps,
 * a third as fast.
 *
 * Measured (Zen 4, Node 24, one thread, smallest of many; a copy moves 20 to 25 GB/s), 8 x 56 x 56 x 256: to 1 x 1 24 GB/s, its gradient
 * 13; 2 x 2 19 and 13; 3 x 3 by 2 11 and 9. By blocks of channels 9, 9; 5, 8; 4, 5.
 */

import { addNumbers } from "./add";
import { channelSums } from "./channels";
import { copyNumbers, zeroNumbers } from "./copy";
import { PoolingArgs, RowPoolingArgs } from "./generated/args";
import { endInside, firstInside } from "./poolingWindow";
import { readAhead } from "./readAhead";
import { loadTail, storeTail } from "./simd";
import { scratch } from "./step";

/** Positions from which on a window is read pixel by pixel. */
const LARGE: i32 = 16;

/** One task: a block of rows of the outputs of one sample. */
export function averagePool2d(args: RowPoolingArgs, task: i32): void {
  const C = args.C;
  const pixel = (<usize>C) << 2;
  const sample = task / args.rowTasks;
  const first = (task % args.rowTasks) * args.rowBlock;
  const end = min(first + args.rowBlock, args.OH);
  const x = args.x + <usize>(sample * args.H * args.W) * pixel;
  let y = args.y + <usize>((sample * args.OH + first) * args.OW) * pixel;
  const right = <usize>args.dilationW * pixel;
  const down = <usize>(args.dilationH * args.W) * pixel;
  for (let oh = first; oh < end; oh++) {
    const row = oh * args.strideH - args.top;
    const firstRow = firstInside(row, args.dilationH);
    const rows = max(0, endInside(row, args.KH, args.dilationH, args.H) - firstRow);
    for (let ow = 0; ow < args.OW; ow++) {
      const column = ow * args.strideW - args.left;
      const firstColumn = firstInside(column, args.dilationW);
      const columns = max(0, endInside(column, args.KW, args.dilationW, args.W) - firstColumn);
      const p = (row + firstRow * args.dilationH) * args.W + column + firstColumn * args.dilationW;
      const from = x + <usize>p * pixel;
      if (rows * columns >= LARGE) meanOfPixels(from, rows, columns, down, right, C, y);
      else if ((C & 3) !== 0) meanOfWindow(from, rows, columns, down, right, C, y);
      else if (rows === 2 && columns === 2) meanOfFour(from, down, right, pixel, y);
      else if (rows === 3 && columns === 3) meanOfNine(from, down, right, pixel, y);
      else meanOfWindow(from, rows, columns, down, right, C, y);
      y += pixel;
    }
  }
}

function meanOfFour(x: usize, down: usize, right: usize, bytes: usize, y: usize): void {
  const share = f32x4.splat(0.25);
  readAhead(x, 2 * bytes);
  readAhead(x + down, 2 * bytes);
  for (let c: usize = 0; c < bytes; c += 16) {
    const p = x + c;
    const q = p + down;
    const sum = f32x4.add(f32x4.add(v128.load(p), v128.load(p + right)), v128.load(q));
    v128.store(y + c, f32x4.mul(f32x4.add(sum, v128.load(q + right)), share));
  }
}

function meanOfNine(x: usize, down: usize, right: usize, bytes: usize, y: usize): void {
  const count = f32x4.splat(9);
  const twice: usize = 2 * right;
  readAhead(x, twice + bytes);
  readAhead(x + down, twice + bytes);
  readAhead(x + 2 * down, twice + bytes);
  for (let c: usize = 0; c < bytes; c += 16) {
    const p = x + c;
    const q = p + down;
    const s = q + down;
    let sum = f32x4.add(f32x4.add(v128.load(p), v128.load(p + right)), v128.load(p + twice));
    sum = f32x4.add(f32x4.add(f32x4.add(sum, v128.load(q)), v128.load(q + right)), v128.load(q + twice));
    sum = f32x4.add(f32x4.add(f32x4.add(sum, v128.load(s)), v128.load(s + right)), v128.load(s + twice));
    v128.store(y + c, f32x4.div(sum, count));
  }
}

function meanOfWindow(x: usize, rows: i32, columns: i32, down: usize, right: usize, channels: i32, y: usize): void {
  const count = f32x4.splat(<f32>(rows * columns));
  for (let c = 0; c < channels; c += 4) {
    const rest = channels - c;
    let sum = f32x4.splat(0);
    let line = x;
    for (let row = 0; row < rows; row++) {
      let p = line;
      for (let column = 0; column < columns; column++) {
        sum = f32x4.add(sum, rest >= 4 ? v128.load(p) : loadTail(p, rest));
        p += right;
      }
      line += down;
    }
    const mean = f32x4.div(sum, count);
    if (rest >= 4) v128.store(y, mean);
    else storeTail(y, mean, rest);
    x += 16;
    y += 16;
  }
}

/** The same in another order of reading, but not of adding up. */
function meanOfPixels(x: usize, rows: i32, columns: i32, down: usize, right: usize, channels: i32, y: usize): void {
  const sums = scratch();
  const bytes = (<usize>channels) << 2;
  const vectors = (<usize>(channels & ~3)) << 2;
  const rest = channels & 3;
  // Whole rows of the image are one run of pixels.
  const run = rest === 0 && <usize>columns * right === down;
  if (run) channelSums(x, rows * columns, channels, sums);
  else memory.fill(sums, 0, bytes + 16);
  for (let row = run ? rows : 0; row < rows; row++) {
    let p = x;
    for (let column = 0; column < columns; column++) {
      for (let c: usize = 0; c < vectors; c += 16) {
        v128.store(sums + c, f32x4.add(v128.load(sums + c), v128.load(p + c)));
      }
      if (rest) v128.store(sums + vectors, f32x4.add(v128.load(sums + vectors), loadTail(p + vectors, rest)));
      p += right;
    }
    x += down;
  }
  const count = f32x4.splat(<f32>(rows * columns));
  for (let c: usize = 0; c < vectors; c += 16) v128.store(y + c, f32x4.div(v128.load(sums + c), count));
  if (rest) storeTail(y + vectors, f32x4.div(v128.load(sums + vectors), count), rest);
}

/**
 * One task: a block of rows of dx of one sample. Here `x` is dx, written, and `y` is dy, read. For each row the shares of the windows
 * that lie over it are added up column by column of windows, then those sums pixel by pixel.
 */
export function averagePool2dBackward(args: RowPoolingArgs, task: i32): void {
  const pixel = (<usize>args.C) << 2;
  const sample = task / args.rowTasks;
  const first = (task % args.rowTasks) * args.rowBlock;
  const end = min(first + args.rowBlock, args.H);
  const rowBytes = <usize>args.W * pixel;
  const line = <usize>args.OW * pixel;
  const dx = args.x + <usize>(sample * args.H) * rowBytes;
  const dy = args.y + <usize>(sample * args.OH) * line;
  const reach = (args.KH - 1) * args.dilationH;
  let same: i32 = -1;
  for (let h = first; h < end; h++) {
    const firstWindow = max(0, (h + args.top - reach + args.strideH - 1) / args.strideH);
    const endWindow = min(args.OH, (h + args.top) / args.strideH + 1);
    const to = dx + <usize>h * rowBytes;
    // Rows under one row of windows alone are equal.
    const single = args.dilationH === 1 && endWindow === firstWindow + 1;
    if (single && same === firstWindow) {
      memory.copy(to, to - rowBytes, rowBytes);
      continue;
    }
    same = single ? firstWindow : -1;
    let found = false;
    for (let oh = firstWindow; oh < endWindow; oh++) {
      const row = oh * args.strideH - args.top;
      if ((h - row) % args.dilationH !== 0) continue;
      const rows = endInside(row, args.KH, args.dilationH, args.H) - firstInside(row, args.dilationH);
      addShares(args, dy + <usize>oh * line, rows, found, scratch());
      found = true;
    }
    if (!found) memory.fill(to, 0, rowBytes);
    else spreadShares(args, scratch(), to);
  }
}

/** sums = or += dy / (positions inside the input) for a row of windows with `rows` rows inside. */
function addShares(args: PoolingArgs, dy: usize, rows: i32, add: bool, sums: usize): void {
  const C = args.C;
  const bytes = (<usize>(C & ~3)) << 2;
  const rest = C & 3;
  for (let ow = 0; ow < args.OW; ow++) {
    const column = ow * args.strideW - args.left;
    const columns = endInside(column, args.KW, args.dilationW, args.W) - firstInside(column, args.dilationW);
    const count = f32x4.splat(<f32>(rows * columns));
    if (add) {
      for (let c: usize = 0; c < bytes; c += 16) {
        v128.store(sums + c, f32x4.add(v128.load(sums + c), f32x4.div(v128.load(dy + c), count)));
      }
    } else {
      for (let c: usize = 0; c < bytes; c += 16) v128.store(sums + c, f32x4.div(v128.load(dy + c), count));
    }
    sums += bytes;
    dy += bytes;
    if (rest) {
      const share = f32x4.div(loadTail(dy, rest), count);
      storeTail(sums, add ? f32x4.add(loadTail(sums, rest), share) : share, rest);
      sums += (<usize>rest) << 2;
      dy += (<usize>rest) << 2;
    }
  }
}

/** A row of dx: each pixel the sum of the windows over it. */
function spreadShares(args: PoolingArgs, sums: usize, dx: usize): void {
  const C = args.C;
  const pixel = (<usize>C) << 2;
  const reach = (args.KW - 1) * args.dilationW;
  for (let w = 0; w < args.W; w++) {
    const at = w + args.left;
    const firstWindow = max(0, (at - reach + args.strideW - 1) / args.strideW);
    const endWindow = min(args.OW, at / args.strideW + 1);
    let found = false;
    for (let ow = firstWindow; ow < endWindow; ow++) {
      if ((at - ow * args.strideW) % args.dilationW !== 0) continue;
      const from = sums + <usize>ow * pixel;
      if (found) addNumbers(dx, from, dx, C, f32x4.splat(-Infinity));
      else copyNumbers(from, dx, C);
      found = true;
    }
    if (!found) zeroNumbers(dx, C);
    dx += pixel;
  }
}
