/**
 * maxPool2d y[n,oh,ow,c] = the largest number of the window, argmax its position kh * KW + kw, the first of equals;
 * maxPool2dBackward dx[position that won] += dy. x, dx: [N,H,W,C]; y, argmax, dy: [N,OH,OW,C].
 *
 * Cost: 4 bytes for each position of each window, 8 written for each output. Idea: four channels at a time, value and
 * position in registers while the window is read; a window starts from its first position inside the input, so any number
 * can win and padding cannot. Windows of 3 x 3 inside the input, the usual overlapping ones, are written out. The gradient
 * has the distance of each position in a table.
 *
 * Measured (Zen 4, Node 24, one thread): 3 x 3 with strides of 2 over 112 x 112 x 64 0.35 ms a sample without positions; before,
 * with a test at every position, 1.2.
 */

import { zeroNumbers } from "./copy";
import { ChannelPoolingArgs, PoolingArgs } from "./generated/args";
import { endInside, firstInside } from "./poolingWindow";
import { loadTail, storeTail } from "./simd";
import { scratch } from "./step";

/** One task: a block of channels of one sample. */
export function maxPool2d(args: ChannelPoolingArgs, task: i32): void {
  const C = args.C;
  const sample = task / args.channelTasks;
  const channel = (task % args.channelTasks) * args.channelBlock;
  const x = args.x + ((<usize>(sample * args.H * args.W * C + channel)) << 2);
  const outputs = (<usize>(sample * args.OH * args.OW * C + channel)) << 2;
  const argmax = args.argmax !== 0 ? args.argmax + outputs : 0;
  poolRows(args, x, args.H, -args.top, args.OH, min(args.channelBlock, C - channel), args.y + outputs, argmax);
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
  poolRows(args, x, H, start, OH, args.C, y, argmax);
}

function poolRows(
  args: PoolingArgs,
  x: usize,
  H: i32,
  start: i32,
  OH: i32,
  channels: i32,
  y: usize,
  argmax: usize,
): void {
  const pixel = (<usize>args.C) << 2;
  const line = <usize>args.OW * pixel;
  if (isTwoByTwo(args) && H >= 2 * OH) {
    const rowBytes = <usize>args.W * pixel;
    for (let oh = 0; oh < OH; oh++) {
      pairRows(x, rowBytes, args.OW, pixel, (<usize>channels) << 2, y, argmax);
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
  const upper = v128.bitselect(b, a, right);
  const lowerRight = f32x4.gt(d, c);
  const lower = v128.bitselect(d, c, lowerRight);
  const below = f32x4.gt(lower, upper);
  v128.store(y, f32x4.pmax(v128.bitselect(lower, upper, below), floor));
  if (argmax !== 0) {
    const column = v128.and(v128.bitselect(lowerRight, right, below), i32x4.splat(1));
    v128.store(argmax, v128.or(column, v128.and(below, i32x4.splat(2))));
  }
}

function pairRows(
  x: usize,
  rowBytes: usize,
  OW: i32,
  pixel: usize,
  channelBytes: usize,
  y: usize,
  argmax: usize,
): void {
  const none = f32x4.splat(-Infinity);
  for (let ow = 0; ow < OW; ow++) {
    for (let c: usize = 0; c < channelBytes; c += 16) {
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
  return v128.bitselect(i32x4.splat(k), position, f32x4.gt(value, best));
}

/** A window of 3 x 3 inside the input. */
function poolNine(x: usize, down: usize, right: usize, channels: i32, y: usize, argmax: usize): void {
  const bytes = (<usize>(channels & ~3)) << 2;
  const twice: usize = 2 * right;
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

/** One task: a block of channels of one sample. Here `x` is dx, written, and `y` is dy, read. */
export function maxPool2dBackward(args: ChannelPoolingArgs, task: i32): void {
  const C = args.C;
  const sample = task / args.channelTasks;
  const channel = (task % args.channelTasks) * args.channelBlock;
  const channels = min(args.channelBlock, C - channel);
  const pixel = (<usize>C) << 2;
  const dx = args.x + ((<usize>(sample * args.H * args.W * C + channel)) << 2);
  clearChannels(dx, args.H * args.W, pixel, channels);
  const table = scratch();
  for (let kh = 0; kh < args.KH; kh++) {
    for (let kw = 0; kw < args.KW; kw++) {
      const place = (kh * args.dilationH * args.W + kw * args.dilationW) * <i32>pixel;
      store<i32>(table + ((<usize>(kh * args.KW + kw)) << 2), place);
    }
  }
  const outputs = (<usize>(sample * args.OH * args.OW * C + channel)) << 2;
  const bytes = (<usize>channels) << 2;
  let dy = args.y + outputs;
  let argmax = args.argmax + outputs;
  for (let oh = 0; oh < args.OH; oh++) {
    const row = oh * args.strideH - args.top;
    for (let ow = 0; ow < args.OW; ow++) {
      const window = dx + <usize>(row * args.W + ow * args.strideW - args.left) * pixel;
      for (let c: usize = 0; c < bytes; c += 4) {
        const address = window + c + load<usize>(table + ((<usize>load<i32>(argmax + c)) << 2));
        store<f32>(address, load<f32>(address) + load<f32>(dy + c));
      }
      dy += pixel;
      argmax += pixel;
    }
  }
}

/** Sets some channels of `pixels` pixels to 0. */
export function clearChannels(x: usize, pixels: i32, pixel: usize, channels: i32): void {
  const bytes = (<usize>channels) << 2;
  if (bytes === pixel) {
    memory.fill(x, 0, <usize>pixels * pixel);
    return;
  }
  for (let i = 0; i < pixels; i++) {
    zeroNumbers(x, channels);
    x += pixel;
  }
}
