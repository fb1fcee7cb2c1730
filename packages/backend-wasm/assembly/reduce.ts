/**
 * Sums that many tasks contribute to: each task writes its partial sum to a place of its own, a later phase adds the places
 * up in their order. So a sum does not depend on which thread did what.
 *
 * biasAddBackward db[c] = sum over r of dy[r,c]; sumPartials y[c] = sum over p of x[p,c]; clipByNorm g = g limit / norm
 * where norm = sqrt(sum of g^2) > limit.
 *
 * Cost: 4 bytes an element read; the partial sums are few. clipByNorm reads its gradients twice and writes them once.
 *
 * Measured: sums of rows 23 GB/s, clipByNorm 0.4 ns an element.
 */

import { loadTail, storeTail, sumLanes } from "./simd";

@unmanaged
export class SumRowsArgs {
  x: usize;
  /** One row of sums for each task. */
  y: usize;
  rows: i32;
  channels: i32;
  /** Rows of one task. */
  block: i32;
}

/** y[task,c] = sum over the task's rows of x[r,c]. */
export function sumRows(args: SumRowsArgs, task: i32): void {
  const channels = args.channels;
  const stride = <usize>channels << 2;
  const first = task * args.block;
  const rows = min(args.block, args.rows - first);
  const x = args.x + <usize>first * stride;
  const y = args.y + <usize>task * stride;
  let c: i32 = 0;
  for (; c + 16 <= channels; c += 16) {
    let a = f32x4.splat(0);
    let b = a;
    let d = a;
    let e = a;
    let p = x + (<usize>c << 2);
    for (let r = 0; r < rows; r++) {
      a = f32x4.add(a, v128.load(p));
      b = f32x4.add(b, v128.load(p, 16));
      d = f32x4.add(d, v128.load(p, 32));
      e = f32x4.add(e, v128.load(p, 48));
      p += stride;
    }
    const q = y + (<usize>c << 2);
    v128.store(q, a);
    v128.store(q, b, 16);
    v128.store(q, d, 32);
    v128.store(q, e, 48);
  }
  for (; c < channels; c += 4) {
    const rest = min(4, channels - c);
    let a = f32x4.splat(0);
    let p = x + (<usize>c << 2);
    for (let r = 0; r < rows; r++) {
      a = f32x4.add(a, rest == 4 ? v128.load(p) : loadTail(p, rest));
      p += stride;
    }
    if (rest == 4) v128.store(y + (<usize>c << 2), a);
    else storeTail(y + (<usize>c << 2), a, rest);
  }
}

@unmanaged
export class SumPartialsArgs {
  x: usize;
  y: usize;
  partials: i32;
  /** Numbers from one partial to the next. */
  stride: i32;
  length: i32;
  /** Columns of one task. */
  block: i32;
}

/** y[c] = sum over p of x[p,c], for the task's columns. */
export function sumPartials(args: SumPartialsArgs, task: i32): void {
  const stride = <usize>args.stride << 2;
  const first = task * args.block;
  const end = min(first + args.block, args.length);
  for (let c = first; c < end; c += 4) {
    const rest = min(4, end - c);
    let p = args.x + (<usize>c << 2);
    let sum = f32x4.splat(0);
    for (let i = 0; i < args.partials; i++) {
      sum = f32x4.add(sum, rest == 4 ? v128.load(p) : loadTail(p, rest));
      p += stride;
    }
    if (rest == 4) v128.store(args.y + (<usize>c << 2), sum);
    else storeTail(args.y + (<usize>c << 2), sum, rest);
  }
}

@unmanaged
export class ClipByNormArgs {
  gradients: usize;
  /** float64, one for each task. */
  partials: usize;
  length: i32;
  block: i32;
  blocks: i32;
  limit: f32;
}

/** partials[task] = sum of g^2 over the task's block, in float64: a million squares lose nothing. */
export function sumSquares(args: ClipByNormArgs, task: i32): void {
  const first = task * args.block;
  const length = min(args.block, args.length - first);
  let g = args.gradients + (<usize>first << 2);
  const end = g + (<usize>(length & ~3) << 2);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  while (g < end) {
    const v = v128.load(g);
    const a = f64x2.promote_low_f32x4(v);
    const b = f64x2.promote_low_f32x4(i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
    g += 16;
  }
  const all = f64x2.add(low, high);
  let sum = f64x2.extract_lane(all, 0) + f64x2.extract_lane(all, 1);
  for (let i = 0; i < (length & 3); i++) {
    const value = <f64>load<f32>(g + (<usize>i << 2));
    sum += value * value;
  }
  store<f64>(args.partials + (<usize>task << 3), sum);
}

/** g = g limit / norm for the task's block, where the norm is above the limit. */
export function scaleToNorm(args: ClipByNormArgs, task: i32): void {
  let squares: f64 = 0;
  for (let i = 0; i < args.blocks; i++) squares += load<f64>(args.partials + (<usize>i << 3));
  const norm = sqrt(squares);
  if (!(norm > <f64>args.limit)) return;
  const factor = f32x4.splat(<f32>(<f64>args.limit / norm));
  const first = task * args.block;
  const length = min(args.block, args.length - first);
  let g = args.gradients + (<usize>first << 2);
  const end = g + (<usize>(length & ~3) << 2);
  while (g < end) {
    v128.store(g, f32x4.mul(v128.load(g), factor));
    g += 16;
  }
  const rest = length & 3;
  if (rest) storeTail(g, f32x4.mul(loadTail(g, rest), factor), rest);
}
