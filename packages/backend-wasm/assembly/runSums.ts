/** Sums over a run of contiguous numbers. */

import { loadTail, madd, sumLanes } from "./simd";

/** The sum of `count` numbers. */
export function sumOf(v: usize, count: i32): f32 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let left = count;
  for (; left >= 16; left -= 16) {
    a = f32x4.add(a, v128.load(v));
    b = f32x4.add(b, v128.load(v, 16));
    c = f32x4.add(c, v128.load(v, 32));
    d = f32x4.add(d, v128.load(v, 48));
    v += 64;
  }
  for (; left >= 4; left -= 4) {
    a = f32x4.add(a, v128.load(v));
    v += 16;
  }
  if (left > 0) b = f32x4.add(b, loadTail(v, left));
  return sumLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

// @inline
function squared(sum: v128, x: v128, mean: v128): v128 {
  const difference = f32x4.sub(x, mean);
  return madd(difference, difference, sum);
}

/** The sum of (x - mean)^2 over `count` numbers. */
export function squaresOf(x: usize, count: i32, mean: f32): f32 {
  const means = f32x4.splat(mean);
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let left = count;
  for (; left >= 16; left -= 16) {
    a = squared(a, v128.load(x), means);
    b = squared(b, v128.load(x, 16), means);
    c = squared(c, v128.load(x, 32), means);
    d = squared(d, v128.load(x, 48), means);
    x += 64;
  }
  for (; left >= 4; left -= 4) {
    a = squared(a, v128.load(x), means);
    x += 16;
  }
  let sum = sumLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; left > 0; left--) {
    const difference = load<f32>(x) - mean;
    sum += difference * difference;
    x += 4;
  }
  return sum;
}
