/**
 * fillBoxes y[n,h,w] = fill[n,h,w], or the values given, in the box of sample n, x elsewhere; mixRows y[n] = w[n] x[n] +
 * (1 - w[n]) x[p[n]], without weights x[p[n]]; filterAxis y[n,h,w,c] = sum over k of kernels[n,k] x at k - (K - 1) / 2 pixels
 * along an axis, 0 beyond the edges.
 *
 * Cost: 8 to 12 bytes a number: bound by memory; a filter takes 2 K operations a number, which hide it from a few taps on. One
 * task is a block of rows, or a piece of a sample. Idea: a filter along the width is one along the height of a row that is read
 * from K places, with zeros on both sides.
 *
 * Measured on one thread, 32x32x3: fillBoxes 0.6 µs an image, mixRows 0.5 µs, filters of five numbers 1.1 µs along the height and
 * 1.3 µs along the width.
 */

import { copyNumbers, zeroNumbers } from "./copy";
import { BLEND, each } from "./elementwise";
import { FillBoxesArgs, FilterAxisArgs, MixRowsArgs } from "./generated/args";
import { FAULT_PARTNER_OUTSIDE_BATCH } from "./generated/constants";
import { madd, storeTail } from "./simd";
import { scratch } from "./step";
import { fault } from "./threads";

export function fillBoxes(args: FillBoxesArgs, task: i32): void {
  const values = changetype<usize>(args) + offsetof<FillBoxesArgs>();
  const C = args.C;
  const pixel = (<usize>C) << 2;
  const rowBytes = <usize>args.W * pixel;
  const end = min((task + 1) * args.block, args.rows);
  for (let line = task * args.block; line < end; line++) {
    const n = line / args.H;
    const h = line - n * args.H;
    const box = args.boxes + ((<usize>n) << 4);
    const inBox = h >= load<i32>(box) && h < load<i32>(box, 8);
    const left = inBox ? min(args.W, max(0, load<i32>(box, 4))) : args.W;
    const right = inBox ? max(left, min(args.W, load<i32>(box, 12))) : args.W;
    const at = <usize>line * rowBytes;
    const from = at + <usize>left * pixel;
    const to = at + <usize>right * pixel;
    // Over its input an output has the rest already.
    if (args.x !== args.y) {
      copyNumbers(args.x + at, args.y + at, left * C);
      copyNumbers(args.x + to, args.y + to, (args.W - right) * C);
    }
    if (args.fill) {
      copyNumbers(args.fill + from, args.y + from, (right - left) * C);
    } else {
      for (let i = from; i < to; i += pixel) copyNumbers(values, args.y + i, C);
    }
  }
}

export function mixRows(args: MixRowsArgs, task: i32): void {
  const n = task / args.pieces;
  const piece = task % args.pieces;
  const partner = load<i32>(args.partners + ((<usize>n) << 2));
  if (<u32>partner >= <u32>args.rows) {
    fault(FAULT_PARTNER_OUTSIDE_BATCH, partner);
    return;
  }
  const rowBytes = (<usize>args.rowSize) << 2;
  const x = args.x + <usize>n * rowBytes;
  const other = args.x + <usize>partner * rowBytes;
  const y = args.y + <usize>n * rowBytes;
  if (args.weights) {
    const weight = load<f32>(args.weights + ((<usize>n) << 2));
    each(BLEND, 2, x, other, 0, y, args.rowSize, args.block, piece, weight, 1 - weight);
  } else {
    const first = piece * args.block;
    const at = (<usize>first) << 2;
    copyNumbers(other + at, y + at, min(args.block, args.rowSize - first));
  }
}

/** to = the sum over `taps` of kernel[k] times the numbers `stride` bytes further each. */
function weighted(from: usize, stride: usize, kernel: usize, taps: i32, to: usize, count: i32): void {
  const last = kernel + ((<usize>taps) << 2);
  let i: i32 = 0;
  for (; i + 16 <= count; i += 16) {
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let x = from;
    for (let k = kernel; k < last; k += 4) {
      const factor = v128.load32_splat(k);
      a = madd(v128.load(x), factor, a);
      b = madd(v128.load(x, 16), factor, b);
      c = madd(v128.load(x, 32), factor, c);
      d = madd(v128.load(x, 48), factor, d);
      x += stride;
    }
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
    from += 64;
    to += 64;
  }
  for (; i < count; i += 4) {
    let a = f32x4.splat(0);
    let x = from;
    for (let k = kernel; k < last; k += 4) {
      a = madd(v128.load(x), v128.load32_splat(k), a);
      x += stride;
    }
    if (i + 4 <= count) v128.store(to, a);
    else storeTail(to, a, count - i);
    from += 16;
    to += 16;
  }
}

export function filterAxis(args: FilterAxisArgs, task: i32): void {
  const K = args.K;
  const radius = (K - 1) >> 1;
  const rowSize = args.rowSize;
  const rowBytes = (<usize>rowSize) << 2;
  // Along the width: a row with zeros on both sides.
  const side = radius * args.C;
  const row = scratch();
  const inner = row + ((<usize>side) << 2);
  if (args.axis === 2) {
    zeroNumbers(row, side);
    zeroNumbers(inner + rowBytes, side);
  }
  const end = min((task + 1) * args.block, args.rows);
  for (let line = task * args.block; line < end; line++) {
    const n = line / args.H;
    const h = line - n * args.H;
    const kernel = args.kernels + ((<usize>(n * K)) << 2);
    const x = args.x + <usize>line * rowBytes;
    const y = args.y + <usize>line * rowBytes;
    if (args.axis === 1) {
      const first = max(0, radius - h);
      const taps = min(K, args.H + radius - h) - first;
      weighted(x + <usize>(first - radius) * rowBytes, rowBytes, kernel + ((<usize>first) << 2), taps, y, rowSize);
    } else {
      copyNumbers(x, inner, rowSize);
      weighted(row, (<usize>args.C) << 2, kernel, K, y, rowSize);
    }
  }
}
