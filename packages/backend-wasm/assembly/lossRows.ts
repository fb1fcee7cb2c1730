/** What losses over rows share. */

import { loadTail, storeTail } from "./simd";

/** The weight of row `row`; 1 where the address of the weights is 0. */
// @inline
export function weightOf(weights: usize, row: i32): f32 {
  return weights !== 0 ? load<f32>(weights + ((<usize>row) << 2)) : 1;
}

/** dx = factor (x - t) over `count` numbers: the gradient of a loss whose slope is a difference. */
export function scaledDifference(x: usize, t: usize, dx: usize, count: i32, factor: f32): void {
  const factors = f32x4.splat(factor);
  const stop = x + ((<usize>(count & ~3)) << 2);
  while (x < stop) {
    v128.store(dx, f32x4.mul(factors, f32x4.sub(v128.load(x), v128.load(t))));
    x += 16;
    t += 16;
    dx += 16;
  }
  const rest = count & 3;
  if (rest) storeTail(dx, f32x4.mul(factors, f32x4.sub(loadTail(x, rest), loadTail(t, rest))), rest);
}
