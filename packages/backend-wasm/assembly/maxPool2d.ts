/**
 * maxPool2d y[n,oh,ow,c] = the largest number of the window, argmax its position kh * KW + kw, the first of equals;
 * maxPool2dBackward dx[position that won] += dy. x, dx: [N,H,W,C]; y, argmax, dy: [N,OH,OW,C].
 *
 * Cost: 4 bytes for each position of each window, 8 written for each output. Idea: four channels at a time, value and
 * position in registers while the window is read; a window starts from its first position inside the input, so any number
 * can win and padding cannot. Windows of 3 x 3 inside the input, the usual overlapping ones, are written out. The gradient
 * has the distance of each position in a table.
 *
 * Measured (Zen 4, Node 24, one thread, smallest of many; a copy moves 20 to 25 GB/s), 8 x 56 x 56 x 256, with positions: 2 x 2 18 GB/s, its
 * gradient 14; 3 x 3 by 2 9 and 11, bound by comparisons. By blocks of channels 7, 6; 5, 6. 3 x 3 with strides of 2 over 112 x 112 x 64 0.35 ms a sample without positions; before,
 * with a test at every position, 1.2.
 */

import { PoolingArgs, RowPoolingArgs } from "./generated/args";
import { endInside, firstInside } from "./poolingWindow";
import { readAhead } from "./readAhead";
import { loadTail, select, storeTail } from "./simd";
import { scratch } from "./step";

/** One task: a block of rows of the outputs of one sample. */
export function maxPool2d(args: RowPoolingArgs, task: i32): void {
  const sample = task / args.rowTasks;
  const first = (task % args.rowTasks) * args.rowBlock;
  const rows = min(args.rowBlock, args.OH - first);
  const x = args.x + ((<usize>(sample * args.H * args.W * args.C)) << 2);
  const outputs = (<usize>((sample * args.OH + first) * args.OW * args.C)) << 2;
  const argmax = args.argmax !== 0 ? args.argmax + outputs : 0;
  poolRows(args, x, args.H, first * args.strideH - args.top, rows, args.y + outputs, argmax);
}

/** Pools `H` rows at `x` into `OH` rows at `y` and, unless it is 0, `argmax`; `start` is the row of the first window's first. */
// @inline
export function maxPool2dImage(
  args: PoolingArgs,
  x: usize,
  H: i32,
  start: i32,
  OH: i32,
  y: usize,
  argmax: usize,
): void {
  poolRows(args, x, H, start, OH, y, argmax);
}

function poolRows(args: PoolingArgs, x: usize, H: i32, start: i32, OH: i32, y: usize, argmax: usize): void {
  const channels = args.C;
  const pixel = (<usize>channels) << 2;
  const line = <usize>args.OW * pixel;
  if (isTwoByTwo(args) && H >= start + 2 * OH) {
    const rowBytes = <usize>args.W * pixel;
    x += <usize>start * rowBytes;
    for (let oh = 0; oh < OH; oh++) {
      pairRows(x, rowBytes, args.OW, pixel, y, argmax);
      x += 2 * rowBytes;
      y += line;
      if (argmax !== 0) argmax += line;
    }
    return;
  }
  const right = <usize>args.dilationW * pixel;
  const down = <usize>(args.dilationH * args.W) * pixel;
  for (let oh = 0; oh < OH; oh++) {
    const row = start + oh * args.strideH;
    const firstRow = firstInside(row, args.dilationH);
    const rows = endInside(row, args.KH, args.dilationH, H) - firstRow;
    for (let ow = 0; ow < args.OW; ow++) {
      const column = ow * args.strideW - args.left;
      const firstColumn = firstInside(column, args.dilationW);
      const columns = endInside(column, args.KW, args.dilationW, args.W) - firstColumn;
      const p = (row + firstRow * args.dilationH) * args.W + column + firstColumn * args.dilationW;
      const from = x + <usize>p * pixel;
      const position = firstRow * args.KW + firstColumn;
      if (rows === 3 && columns === 3 && args.KW === 3) poolNine(from, down, right, channels, y, argmax);
      else poolWindow(from, rows, columns, down, right, position, args.KW, channels, y, argmax);
      y += pixel;
      if (argmax !== 0) argmax += pixel;
    }
  }
}

/** The usual pooling, with windows of whole vectors: no tests inside. */
// @inline
export function isTwoByTwo(args: PoolingArgs): bool {
  const square = args.KH === 2 && args.KW === 2 && args.strideH === 2 && args.strideW === 2;
  const plain = args.top === 0 && args.left === 0 && args.dilationH === 1 && args.dilationW === 1;
  return square && plain && (args.C & 3) === 0 && args.W >= 2 * args.OW;
}

/** Largest of a 2 x 2 window in row-major order a, b, c, d, and of `floor`, which has no position. */
// @inline
export function pool4(a: v128, b: v128, c: v128, d: v128, floor: v128, y: usize, argmax: usize): void {
  const right = f32x4.gt(b, a);
  const upper = select(b, a, right);
  const lowerRight = f32x4.gt(d, c);
  const lower = select(d, c, lowerRight);
  const below = f32x4.gt(lower, upper);
  v128.store(y, f32x4.pmax(select(lower, upper, below), floor));
  if (argmax !== 0) {
    const column = v128.and(select(lowerRight, right, below), i32x4.splat(1));
    v128.store(argmax, v128.or(column, v128.and(below, i32x4.splat(2))));
  }
}

function pairRows(x: usize, rowBytes: usize, OW: i32, pixel: usize, y: usize, argmax: usize): void {
  const none = f32x4.splat(-Infinity);
  for (let ow = 0; ow < OW; ow++) {
    readAhead(x, 2 * pixel);
    readAhead(x + rowBytes, 2 * pixel);
    for (let c: usize = 0; c < pixel; c += 16) {
      const p = x + c;
      const a = v128.load(p);
      const b = v128.load(p + pixel);
      const d = v128.load(p + rowBytes);
      const e = v128.load(p + rowBytes + pixel);
      pool4(a, b, d, e, none, y + c, argmax !== 0 ? argmax + c : 0);
    }
    x += 2 * pixel;
    y += pixel;
    if (argmax !== 0) argmax += pixel;
  }
}

/** The larger of two, and position `k` where it is the second one. */
// @inline
function later(best: v128, value: v128, position: v128, k: i32): v128 {
  return select(i32x4.splat(k), position, f32x4.gt(value, best));
}

/** A window of 3 x 3 inside the input. */
function poolNine(x: usize, down: usize, right: usize, channels: i32, y: usize, argmax: usize): void {
  const bytes = (<usize>(channels & ~3)) << 2;
  const twice: usize = 2 * right;
  readAhead(x, twice + bytes);
  readAhead(x + down, twice + bytes);
  readAhead(x + 2 * down, twice + bytes);
  let c: usize = 0;
  if (argmax === 0) {
    for (; c < bytes; c += 16) {
      const p = x + c;
      const q = p + down;
      const s = q + down;
      let best = f32x4.pmax(v128.load(p), v128.load(p + right));
      best = f32x4.pmax(best, v128.load(p + twice));
      best = f32x4.pmax(best, v128.load(q));
      best = f32x4.pmax(best, v128.load(q + right));
      best = f32x4.pmax(best, v128.load(q + twice));
      best = f32x4.pmax(best, v128.load(s));
      best = f32x4.pmax(best, v128.load(s + right));
      v128.store(y + c, f32x4.pmax(best, v128.load(s + twice)));
    }
  } else {
    for (; c < bytes; c += 16) {
      const p = x + c;
      const q = p + down;
      const s = q + down;
      let best = v128.load(p);
      let v = v128.load(p + right);
      let position = later(best, v, i32x4.splat(0), 1);
      best = f32x4.pmax(best, v);
      v = v128.load(p + twice);
      position = later(best, v, position, 2);
      best = f32x4.pmax(best, v);
      v = v128.load(q);
      position = later(best, v, position, 3);
      best = f32x4.pmax(best, v);
      v = v128.load(q + right);
      position = later(best, v, position, 4);
      best = f32x4.pmax(best, v);
      v = v128.load(q + twice);
      position = later(best, v, position, 5);
      best = f32x4.pmax(best, v);
      v = v128.load(s);
      position = later(best, v, position, 6);
      best = f32x4.pmax(best, v);
      v = v128.load(s + right);
      position = later(best, v, position, 7);
      best = f32x4.pmax(best, v);
      v = v128.load(s + twice);
      v128.store(argmax + c, later(best, v, position, 8));
      v128.store(y + c, f32x4.pmax(best, v));
    }
  }
  if (channels & 3) {
    poolWindow(x + c, 3, 3, down, right, 0, 3, channels & 3, y + c, argmax !== 0 ? argmax + c : 0);
  }
}

/** A window of any size; 0 where none of it is inside. `first` is the position that `x` has in the window. */
function poolWindow(
  x: usize,
  rows: i32,
  columns: i32,
  down: usize,
  right: usize,
  first: i32,
  KW: i32,
  channels: i32,
  y: usize,
  argmax: usize,
): void {
  for (let c = 0; c < channels; c += 4) {
    const rest = channels - c;
    let best = f32x4.splat(0);
    let position = i32x4.splat(0);
    if (rows > 0 && columns > 0) {
      best = rest >= 4 ? v128.load(x) : loadTail(x, rest);
      position = i32x4.splat(first);
      let line = x;
      for (let row = 0; row < rows; row++) {
        let p = line;
        for (let column = 0; column < columns; column++) {
          const value = rest >= 4 ? v128.load(p) : loadTail(p, rest);
          position = later(best, value, position, first + row * KW + column);
          best = f32x4.pmax(best, value);
          p += right;
        }
        line += down;
      }
    }
    if (rest >= 4) {
      v128.store(y, best);
      if (argmax !== 0) v128.store(argmax, position);
    } else {
      storeTail(y, best, rest);
      if (argmax !== 0) storeTail(argmax, position, rest);
    }
    x += 16;
    y += 16;
    if (argmax !== 0) argmax += 16;
  }
}

/**
 * One task: a block of rows of dx of one sample. Here `x` is dx, written, and `y` is dy, read. Windows that reach into the rows of
 * two tasks are read by both.
 */
export function maxPool2dBackward(args: RowPoolingArgs, task: i32): void {
  const sample = task / args.rowTasks;
  const first = (task % args.rowTasks) * args.rowBlock;
  const end = min(first + args.rowBlock, args.H);
  const pixel = (<usize>args.C) << 2;
  const rowBytes = <usize>args.W * pixel;
  const dx = args.x + <usize>(sample * args.H) * rowBytes;
  const line = <usize>args.OW * pixel;
  const outputs = <usize>(sample * args.OH) * line;
  const reach = (args.KH - 1) * args.dilationH;
  const firstWindow = max(0, (first + args.top - reach + args.strideH - 1) / args.strideH);
  const endWindow = min(args.OH, (end - 1 + args.top) / args.strideH + 1);
  if (isTwoByTwo(args) && (first & 1) === 0) {
    const pairs = min(end >> 1, args.OH);
    for (let oh = first >> 1; oh < pairs; oh++) {
      const from = outputs + <usize>oh * line;
      spreadPairs(args.y + from, args.argmax + from, args.OW, pixel, rowBytes, dx + <usize>(2 * oh) * rowBytes);
    }
    const rest = max(first, 2 * pairs);
    if (rest < end) memory.fill(dx + <usize>rest * rowBytes, 0, <usize>(end - rest) * rowBytes);
    return;
  }
  memory.fill(dx + <usize>first * rowBytes, 0, <usize>(end - first) * rowBytes);
  placeTable(args, scratch(), pixel);
  for (let oh = firstWindow; oh < endWindow; oh++) {
    const row = oh * args.strideH - args.top;
    const from = outputs + <usize>oh * line;
    const window = dx + <usize>(row * args.W - args.left) * pixel;
    if (row >= first && row + reach < end) {
      scatter(args, args.y + from, args.argmax + from, window, 0, i32.MAX_VALUE);
    } else {
      const low = firstInside(row - first, args.dilationH) * args.KW;
      const high = endInside(row, args.KH, args.dilationH, end) * args.KW;
      scatter(args, args.y + from, args.argmax + from, window, low, high);
    }
  }
}

/** The distance of each position of a window from its first. */
function placeTable(args: PoolingArgs, table: usize, pixel: usize): void {
  for (let kh = 0; kh < args.KH; kh++) {
    for (let kw = 0; kw < args.KW; kw++) {
      const place = (kh * args.dilationH * args.W + kw * args.dilationW) * <i32>pixel;
      store<i32>(table + ((<usize>(kh * args.KW + kw)) << 2), place);
    }
  }
}

/** Adds a row of dy to where the positions from `low` to before `high` won; other positions belong to another task. */
// @inline
function scatter(args: PoolingArgs, dy: usize, argmax: usize, window: usize, low: i32, high: i32): void {
  const bytes = (<usize>args.C) << 2;
  const step = <usize>args.strideW * bytes;
  const table = scratch();
  for (let ow = 0; ow < args.OW; ow++) {
    for (let c: usize = 0; c < bytes; c += 4) {
      const k = load<i32>(argmax + c);
      if (k < low || k >= high) continue;
      const address = window + c + load<usize>(table + ((<usize>k) << 2));
      store<f32>(address, load<f32>(address) + load<f32>(dy + c));
    }
    dy += bytes;
    argmax += bytes;
    window += step;
  }
}

/** A row of windows of 2 x 2 side by side: every position is written once, and what is behind the last window. */
function spreadPairs(dy: usize, argmax: usize, OW: i32, pixel: usize, rowBytes: usize, dx: usize): void {
  for (let ow = 0; ow < OW; ow++) {
    for (let c: usize = 0; c < pixel; c += 16) {
      const g = v128.load(dy + c);
      const k = v128.load(argmax + c);
      const p = dx + c;
      v128.store(p, v128.and(g, i32x4.eq(k, i32x4.splat(0))));
      v128.store(p + pixel, v128.and(g, i32x4.eq(k, i32x4.splat(1))));
      v128.store(p + rowBytes, v128.and(g, i32x4.eq(k, i32x4.splat(2))));
      v128.store(p + rowBytes + pixel, v128.and(g, i32x4.eq(k, i32x4.splat(3))));
    }
    dy += pixel;
    argmax += pixel;
    dx += 2 * pixel;
  }
  const behind = rowBytes - <usize>(2 * OW) * pixel;
  if (behind > 0) {
    memory.fill(dx, 0, behind);
    memory.fill(dx + rowBytes, 0, behind);
  }
}
