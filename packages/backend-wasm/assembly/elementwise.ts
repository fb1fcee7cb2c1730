/**
 * The loop of the ops that compute y[i] from the elements i of up to three tensors: whole vectors, the last of them read a
 * little too far where need be and stored in part. The formula is known when the code is compiled.
 */

import { madd, storeTail } from "./simd";

// The formulas, by the letters of `each`.
/** p a + q */
export const AFFINE: i32 = 1;
/** a b */
export const MULTIPLY: i32 = 2;
/** max(a, b) */
export const MAXIMUM: i32 = 3;
/** a where b >= c, else 0 */
export const WHERE_AT_LEAST: i32 = 4;
/** a where not b >= c, else 0 */
export const WHERE_BELOW: i32 = 5;
/** max(a, 0) */
export const NOT_NEGATIVE: i32 = 6;
/** p a + q b */
export const BLEND: i32 = 7;
/** p sign(a) + q a */
export const SIGN_AND_SELF: i32 = 8;

// @inline
function formula(kind: i32, a: v128, b: v128, c: v128, p: v128, q: v128): v128 {
  switch (kind) {
    case AFFINE:
      return madd(a, p, q);
    case MULTIPLY:
      return f32x4.mul(a, b);
    case MAXIMUM:
      return f32x4.max(a, b);
    case WHERE_AT_LEAST:
      return v128.and(a, f32x4.ge(b, c));
    case WHERE_BELOW:
      return v128.andnot(a, f32x4.ge(b, c));
    case NOT_NEGATIVE:
      return f32x4.pmax(a, f32x4.splat(0));
    case BLEND:
      return madd(a, p, f32x4.mul(b, q));
    default: {
      const sign = v128.and(a, i32x4.splat(0x80000000));
      return madd(a, q, v128.and(v128.xor(p, sign), f32x4.ne(a, f32x4.splat(0))));
    }
  }
}

/** The vector `offset` bytes further. */
// @inline
function at(kind: i32, inputs: i32, a: usize, b: usize, c: usize, y: usize, p: v128, q: v128, offset: usize): void {
  const second = inputs > 1 ? v128.load(b + offset) : p;
  const third = inputs > 2 ? v128.load(c + offset) : p;
  v128.store(y + offset, formula(kind, v128.load(a + offset), second, third, p, q));
}

/** One task of `block` elements. `inputs`: how many of a, b and c there are; y may be one of them. */
// @inline
export function each(
  kind: i32,
  inputs: i32,
  a: usize,
  b: usize,
  c: usize,
  y: usize,
  length: i32,
  block: i32,
  task: i32,
  p: f32,
  q: f32,
): void {
  const first = task * block;
  const count = min(block, length - first);
  const ps = f32x4.splat(p);
  const qs = f32x4.splat(q);
  const none = f32x4.splat(0);
  let i = (<usize>first) << 2;
  const end = i + ((<usize>(count & ~3)) << 2);
  const fours = i + ((<usize>(count & ~15)) << 2);
  // A turn of the loop costs as much as a vector.
  while (i < fours) {
    at(kind, inputs, a + i, b + i, c + i, y + i, ps, qs, 0);
    at(kind, inputs, a + i, b + i, c + i, y + i, ps, qs, 16);
    at(kind, inputs, a + i, b + i, c + i, y + i, ps, qs, 32);
    at(kind, inputs, a + i, b + i, c + i, y + i, ps, qs, 48);
    i += 64;
  }
  while (i < end) {
    at(kind, inputs, a + i, b + i, c + i, y + i, ps, qs, 0);
    i += 16;
  }
  const rest = count & 3;
  if (rest) {
    const second = inputs > 1 ? v128.load(b + i) : none;
    const third = inputs > 2 ? v128.load(c + i) : none;
    storeTail(y + i, formula(kind, v128.load(a + i), second, third, ps, qs), rest);
  }
}
