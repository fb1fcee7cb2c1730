/**
 * penalty loss = sum of l1 abs(w) + l2 w^2, each factor times scale; penaltyBackward dw = l1 sign(w) + l2 w, the factors times
 * scale, the second doubled. w, dw: [length].
 *
 * Cost: 4 bytes a parameter, the gradient 8: bound by memory. One task is a block of parameters and leaves its sum in
 * partials[task]. Not measured yet.
 */

import { each, SIGN_AND_SELF } from "./elementwise";
import { PenaltyArgs, PenaltyBackwardArgs } from "./generated/args";
import { loadTail, madd, sumLanes } from "./simd";

export function penalty(args: PenaltyArgs, task: i32): void {
  const first = task * args.block;
  const count = min(args.block, args.length - first);
  let w = args.w + ((<usize>first) << 2);
  const end = w + ((<usize>(count & ~3)) << 2);
  let sizes = f32x4.splat(0);
  let squares = sizes;
  // Sums of their own: the next vector need not wait for the last one's addition.
  let sizes1 = sizes;
  let squares1 = sizes;
  let sizes2 = sizes;
  let squares2 = sizes;
  let sizes3 = sizes;
  let squares3 = sizes;
  while (w + 64 <= end) {
    const a = v128.load(w);
    const b = v128.load(w, 16);
    const c = v128.load(w, 32);
    const d = v128.load(w, 48);
    sizes = f32x4.add(sizes, f32x4.abs(a));
    squares = madd(a, a, squares);
    sizes1 = f32x4.add(sizes1, f32x4.abs(b));
    squares1 = madd(b, b, squares1);
    sizes2 = f32x4.add(sizes2, f32x4.abs(c));
    squares2 = madd(c, c, squares2);
    sizes3 = f32x4.add(sizes3, f32x4.abs(d));
    squares3 = madd(d, d, squares3);
    w += 64;
  }
  sizes = f32x4.add(f32x4.add(sizes, sizes1), f32x4.add(sizes2, sizes3));
  squares = f32x4.add(f32x4.add(squares, squares1), f32x4.add(squares2, squares3));
  while (w < end) {
    const v = v128.load(w);
    sizes = f32x4.add(sizes, f32x4.abs(v));
    squares = madd(v, v, squares);
    w += 16;
  }
  const rest = count & 3;
  if (rest) {
    const v = loadTail(w, rest);
    sizes = f32x4.add(sizes, f32x4.abs(v));
    squares = madd(v, v, squares);
  }
  const total = <f64>args.l1 * <f64>sumLanes(sizes) + <f64>args.l2 * <f64>sumLanes(squares);
  store<f32>(args.partials + ((<usize>task) << 2), <f32>total);
}

export function penaltyBackward(args: PenaltyBackwardArgs, task: i32): void {
  each(SIGN_AND_SELF, 1, args.w, 0, 0, args.dw, args.length, args.block, task, args.l1, args.l2);
}
