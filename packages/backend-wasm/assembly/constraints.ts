/**
 * nonNegative w = max(w, 0); constrainNorm w = w wanted / (norm + 1e-7), where norm = sqrt(sum of w^2 over some axes) and wanted =
 * min(norm, limit) or, for "unit", limit. w: the kept axes have sizes A and B, the others R and S; both kinds alternate, so
 * whatever the axes are, joined neighbours make at most four.
 *
 * Cost: parameters are read twice and written once. Idea: norms along the last axis are sums of contiguous numbers; where
 * the last axis is kept, four norms at a time. Sums in float64. One task is a block of norms. Not measured yet.
 */

import { each, NOT_NEGATIVE } from "./elementwise";
import { ConstrainNormArgs, NonNegativeArgs } from "./generated/args";
import { loadTail, storeTail } from "./simd";

const NORM_EPSILON: f64 = 1e-7;

export function nonNegative(args: NonNegativeArgs, task: i32): void {
  each(NOT_NEGATIVE, 1, args.w, 0, 0, args.w, args.length, args.block, task, 0, 0);
}

/** The factor of a vector of this norm squared. */
// @inline
function factorOf(args: ConstrainNormArgs, squares: f64): f32 {
  const norm = sqrt(squares);
  const limit = <f64>args.limit;
  return <f32>((args.unit ? limit : min(norm, limit)) / (norm + NORM_EPSILON));
}

export function constrainNorm(args: ConstrainNormArgs, task: i32): void {
  const first = task * args.block;
  const end = min(first + args.block, args.A * args.B);
  if (args.strideB === 1) {
    // A block of norms does not cross a row of B.
    let i = first;
    while (i < end) {
      const b = i % args.B;
      const count = min(4, min(args.B - b, end - i));
      constrainFour(args, args.w + ((<usize>((i / args.B) * args.strideA + b)) << 2), count);
      i += count;
    }
    return;
  }
  for (let i = first; i < end; i++) {
    const at = (i / args.B) * args.strideA + (i % args.B) * args.strideB;
    constrainOne(args, args.w + ((<usize>at) << 2));
  }
}

/** The vectors that begin at `w` and the next `count` - 1 numbers. */
function constrainFour(args: ConstrainNormArgs, w: usize, count: i32): void {
  let low = f64x2.splat(0);
  let high = low;
  for (let r = 0; r < args.R; r++) {
    let p = w + ((<usize>(r * args.strideR)) << 2);
    for (let s = 0; s < args.S; s++) {
      const v = count === 4 ? v128.load(p) : loadTail(p, count);
      const a = f64x2.promote_low_f32x4(v);
      const b = f64x2.promote_low_f32x4(
        i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15),
      );
      low = f64x2.add(low, f64x2.mul(a, a));
      high = f64x2.add(high, f64x2.mul(b, b));
      p += (<usize>args.strideS) << 2;
    }
  }
  let factors = f32x4.splat(factorOf(args, f64x2.extract_lane(low, 0)));
  factors = f32x4.replace_lane(factors, 1, factorOf(args, f64x2.extract_lane(low, 1)));
  factors = f32x4.replace_lane(factors, 2, factorOf(args, f64x2.extract_lane(high, 0)));
  factors = f32x4.replace_lane(factors, 3, factorOf(args, f64x2.extract_lane(high, 1)));
  for (let r = 0; r < args.R; r++) {
    let p = w + ((<usize>(r * args.strideR)) << 2);
    for (let s = 0; s < args.S; s++) {
      if (count === 4) v128.store(p, f32x4.mul(v128.load(p), factors));
      else storeTail(p, f32x4.mul(loadTail(p, count), factors), count);
      p += (<usize>args.strideS) << 2;
    }
  }
}

/** The vector that begins at `w`; its last axis is contiguous. */
function constrainOne(args: ConstrainNormArgs, w: usize): void {
  const S = args.S;
  let squares: f64 = 0;
  for (let r = 0; r < args.R; r++) {
    let p = w + ((<usize>(r * args.strideR)) << 2);
    let low = f64x2.splat(0);
    let high = low;
    for (let s = 0; s < S; s += 4) {
      const v = S - s >= 4 ? v128.load(p) : loadTail(p, S - s);
      const a = f64x2.promote_low_f32x4(v);
      const b = f64x2.promote_low_f32x4(
        i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15),
      );
      low = f64x2.add(low, f64x2.mul(a, a));
      high = f64x2.add(high, f64x2.mul(b, b));
      p += 16;
    }
    const both = f64x2.add(low, high);
    squares += f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  }
  const factor = f32x4.splat(factorOf(args, squares));
  for (let r = 0; r < args.R; r++) {
    let p = w + ((<usize>(r * args.strideR)) << 2);
    for (let s = 0; s < S; s += 4) {
      if (S - s >= 4) v128.store(p, f32x4.mul(v128.load(p), factor));
      else storeTail(p, f32x4.mul(loadTail(p, S - s), factor), S - s);
      p += 16;
    }
  }
}
