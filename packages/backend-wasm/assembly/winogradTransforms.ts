/**
 * The one-dimensional transforms of Winograd's minimal filtering F(2,3) and F(4,3), four lanes at a time. Two-dimensional
 * ones apply them to the columns, then to the rows. Lines have 4 or 6 numbers before the products and 2 or 4 after them.
 *
 * What lies between columns and rows is six vectors to a line, `HALF_LINE` bytes, whatever the size of a tile: places in it
 * are constants, for which an address is part of the instruction.
 *
 * F(2,3) interpolates at 0, 1, -1 and infinity (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR
 * 2016). F(4,3) interpolates at 0, a, -a, b, -b and infinity with a = 5/8 and b = 3/2, where its rounding error was the
 * smallest of a dozen choices: a fifth of that with the usual 1 and 2 (largest of 100,000 sums of 288 products of unit
 * normals: 8e-5 against 45e-5; F(2,3) 2e-5).
 *
 * F(3,2) and F(3,4), for the gradient of a kernel of three taps from 2 or 4 gradients of outputs, have the points and the
 * transform of the inputs in common with them. Sums over 2,048 tiles are as exact as those made one by one (largest of nine
 * sums of 32,768 products of unit normals: 93e-5 against 92e-5; of 2,048 products 14e-5 against 8e-5).
 */

import { madd, nmadd } from "./simd";

/** Bytes of a line of a tile half transformed. */
export const HALF_LINE: usize = 96;

const A: f32 = 0.625;
const B: f32 = 1.5;
const A2: f32 = A * A;
const B2: f32 = B * B;

const AT_ZERO: f32 = 1 / (A2 * B2);
const AT_A: f32 = 1 / (2 * A2 * (A2 - B2));
const AT_B: f32 = 1 / (2 * B2 * (B2 - A2));

/** Room for a tile half transformed and the factors behind it. */
export const HALF_BYTES: usize = 704;
const FACTORS: usize = 576;

/**
 * Writes the factors of the transforms behind the place of a tile half transformed and returns their address. From there a
 * factor is one instruction; V8 makes a constant vector anew, by three, wherever there is a branch.
 */
export function writeFactors(half: usize): usize {
  const to = half + FACTORS;
  store<f32>(to, A);
  store<f32>(to, B, 4);
  store<f32>(to, A2, 8);
  store<f32>(to, B2, 12);
  store<f32>(to, A * A2, 16);
  store<f32>(to, B * B2, 20);
  store<f32>(to, A2 * B2, 24);
  store<f32>(to, A2 + B2, 28);
  store<f32>(to, AT_ZERO, 32);
  store<f32>(to, AT_A, 36);
  store<f32>(to, AT_A * A, 40);
  store<f32>(to, AT_A * A2, 44);
  store<f32>(to, AT_A * A * A2, 48);
  store<f32>(to, AT_B, 52);
  store<f32>(to, AT_B * B, 56);
  store<f32>(to, AT_B * B2, 60);
  store<f32>(to, AT_B * B * B2, 64);
  return to;
}

// @inline
function times(a: f32, v: v128): v128 {
  return f32x4.mul(f32x4.splat(a), v);
}

/** B^T d of a column of `size` inputs `line` bytes apart, to a column of `half`. */
// @inline
export function inputColumn(factors: usize, size: i32, from: usize, line: usize, half: usize): void {
  const d0 = v128.load(from);
  const d1 = v128.load(from + line);
  const d2 = v128.load(from + 2 * line);
  const d3 = v128.load(from + 3 * line);
  if (size === 4) {
    v128.store(half, f32x4.sub(d0, d2));
    v128.store(half, f32x4.add(d1, d2), 96);
    v128.store(half, f32x4.sub(d2, d1), 192);
    v128.store(half, f32x4.sub(d1, d3), 288);
    return;
  }
  const d4 = v128.load(from + 4 * line);
  const d5 = v128.load(from + 5 * line);
  const a = v128.load32_splat(factors);
  const b = v128.load32_splat(factors, 4);
  const a2 = v128.load32_splat(factors, 8);
  const b2 = v128.load32_splat(factors, 12);
  const product = v128.load32_splat(factors, 24);
  const sum = v128.load32_splat(factors, 28);
  const evenA = nmadd(b2, d2, d4);
  const oddA = nmadd(b2, d1, d3);
  const evenB = nmadd(a2, d2, d4);
  const oddB = nmadd(a2, d1, d3);
  v128.store(half, madd(product, d0, nmadd(sum, d2, d4)));
  v128.store(half, madd(a, oddA, evenA), 96);
  v128.store(half, nmadd(a, oddA, evenA), 192);
  v128.store(half, madd(b, oddB, evenB), 288);
  v128.store(half, nmadd(b, oddB, evenB), 384);
  v128.store(half, madd(product, d1, nmadd(sum, d3, d5)), 480);
}

/** B^T d of a line of `half` to `size` places `stride` bytes apart. */
// @inline
export function inputRow(factors: usize, size: i32, half: usize, to: usize, stride: usize): void {
  const d0 = v128.load(half);
  const d1 = v128.load(half, 16);
  const d2 = v128.load(half, 32);
  const d3 = v128.load(half, 48);
  if (size === 4) {
    v128.store(to, f32x4.sub(d0, d2));
    v128.store(to + stride, f32x4.add(d1, d2));
    v128.store(to + 2 * stride, f32x4.sub(d2, d1));
    v128.store(to + 3 * stride, f32x4.sub(d1, d3));
    return;
  }
  const d4 = v128.load(half, 64);
  const d5 = v128.load(half, 80);
  const a = v128.load32_splat(factors);
  const b = v128.load32_splat(factors, 4);
  const a2 = v128.load32_splat(factors, 8);
  const b2 = v128.load32_splat(factors, 12);
  const product = v128.load32_splat(factors, 24);
  const sum = v128.load32_splat(factors, 28);
  const evenA = nmadd(b2, d2, d4);
  const oddA = nmadd(b2, d1, d3);
  const evenB = nmadd(a2, d2, d4);
  const oddB = nmadd(a2, d1, d3);
  v128.store(to, madd(product, d0, nmadd(sum, d2, d4)));
  v128.store(to + stride, madd(a, oddA, evenA));
  v128.store(to + 2 * stride, nmadd(a, oddA, evenA));
  v128.store(to + 3 * stride, madd(b, oddB, evenB));
  v128.store(to + 4 * stride, nmadd(b, oddB, evenB));
  v128.store(to + 5 * stride, madd(product, d1, nmadd(sum, d3, d5)));
}

// @inline
function larger(sizes: v128, v: v128): v128 {
  return f32x4.pmax(sizes, f32x4.abs(v));
}

/**
 * A^T m of a column of `size` products `step` bytes apart, to a column of `half`; returns the largest of `sizes` and the
 * results' absolute values.
 */
// @inline
export function outputColumn(factors: usize, size: i32, from: usize, step: usize, half: usize, sizes: v128): v128 {
  const m0 = v128.load(from);
  const m1 = v128.load(from + step);
  const m2 = v128.load(from + 2 * step);
  const m3 = v128.load(from + 3 * step);
  const s12 = f32x4.add(m1, m2);
  const d12 = f32x4.sub(m1, m2);
  if (size === 4) {
    const y0 = f32x4.add(m0, s12);
    const y1 = f32x4.sub(d12, m3);
    v128.store(half, y0);
    v128.store(half, y1, 96);
    return larger(larger(sizes, y0), y1);
  }
  const m4 = v128.load(from + 4 * step);
  const m5 = v128.load(from + 5 * step);
  const s34 = f32x4.add(m3, m4);
  const d34 = f32x4.sub(m3, m4);
  const y0 = f32x4.add(f32x4.add(m0, s12), s34);
  const y1 = madd(v128.load32_splat(factors, 4), d34, f32x4.mul(v128.load32_splat(factors), d12));
  const y2 = madd(v128.load32_splat(factors, 12), s34, f32x4.mul(v128.load32_splat(factors, 8), s12));
  const y3 = madd(v128.load32_splat(factors, 20), d34, madd(v128.load32_splat(factors, 16), d12, m5));
  v128.store(half, y0);
  v128.store(half, y1, 96);
  v128.store(half, y2, 192);
  v128.store(half, y3, 288);
  return larger(larger(larger(larger(sizes, y0), y1), y2), y3);
}

/** A^T m of a line of `half` to `size` - 2 outputs side by side. */
// @inline
export function outputRow(factors: usize, size: i32, half: usize, to: usize): void {
  const m0 = v128.load(half);
  const m1 = v128.load(half, 16);
  const m2 = v128.load(half, 32);
  const m3 = v128.load(half, 48);
  const s12 = f32x4.add(m1, m2);
  const d12 = f32x4.sub(m1, m2);
  if (size === 4) {
    v128.store(to, f32x4.add(m0, s12));
    v128.store(to, f32x4.sub(d12, m3), 16);
    return;
  }
  const m4 = v128.load(half, 64);
  const m5 = v128.load(half, 80);
  const s34 = f32x4.add(m3, m4);
  const d34 = f32x4.sub(m3, m4);
  v128.store(to, f32x4.add(f32x4.add(m0, s12), s34));
  v128.store(to, madd(v128.load32_splat(factors, 4), d34, f32x4.mul(v128.load32_splat(factors), d12)), 16);
  v128.store(to, madd(v128.load32_splat(factors, 12), s34, f32x4.mul(v128.load32_splat(factors, 8), s12)), 32);
  v128.store(to, madd(v128.load32_splat(factors, 20), d34, madd(v128.load32_splat(factors, 16), d12, m5)), 48);
}

/** G g of three taps to `size` factors. */
// @inline
export function filterLine(size: i32, from: usize, step: usize, to: usize, toStep: usize): void {
  const g0 = v128.load(from);
  const g1 = v128.load(from + step);
  const g2 = v128.load(from + 2 * step);
  if (size === 4) {
    const outer = f32x4.add(g0, g2);
    v128.store(to, g0);
    v128.store(to + toStep, times(0.5, f32x4.add(outer, g1)));
    v128.store(to + 2 * toStep, times(0.5, f32x4.sub(outer, g1)));
    v128.store(to + 3 * toStep, g2);
    return;
  }
  const evenA = f32x4.add(times(AT_A, g0), times(AT_A * A2, g2));
  const oddA = times(AT_A * A, g1);
  const evenB = f32x4.add(times(AT_B, g0), times(AT_B * B2, g2));
  const oddB = times(AT_B * B, g1);
  v128.store(to, times(AT_ZERO, g0));
  v128.store(to + toStep, f32x4.add(evenA, oddA));
  v128.store(to + 2 * toStep, f32x4.sub(evenA, oddA));
  v128.store(to + 3 * toStep, f32x4.add(evenB, oddB));
  v128.store(to + 4 * toStep, f32x4.sub(evenB, oddB));
  v128.store(to + 5 * toStep, g2);
}

/** G g of a column of `size` - 2 gradients `line` bytes apart, to a column of `half`. */
// @inline
export function gradientColumn(factors: usize, size: i32, from: usize, line: usize, half: usize): void {
  const g0 = v128.load(from);
  const g1 = v128.load(from + line);
  if (size === 4) {
    v128.store(half, g0);
    v128.store(half, times(0.5, f32x4.add(g0, g1)), 96);
    v128.store(half, times(0.5, f32x4.sub(g0, g1)), 192);
    v128.store(half, g1, 288);
    return;
  }
  const g2 = v128.load(from + 2 * line);
  const g3 = v128.load(from + 3 * line);
  const evenA = madd(v128.load32_splat(factors, 44), g2, f32x4.mul(v128.load32_splat(factors, 36), g0));
  const oddA = madd(v128.load32_splat(factors, 48), g3, f32x4.mul(v128.load32_splat(factors, 40), g1));
  const evenB = madd(v128.load32_splat(factors, 60), g2, f32x4.mul(v128.load32_splat(factors, 52), g0));
  const oddB = madd(v128.load32_splat(factors, 64), g3, f32x4.mul(v128.load32_splat(factors, 56), g1));
  v128.store(half, f32x4.mul(v128.load32_splat(factors, 32), g0));
  v128.store(half, f32x4.add(evenA, oddA), 96);
  v128.store(half, f32x4.sub(evenA, oddA), 192);
  v128.store(half, f32x4.add(evenB, oddB), 288);
  v128.store(half, f32x4.sub(evenB, oddB), 384);
  v128.store(half, g3, 480);
}

/** G g of a line of `half` to `size` places `stride` bytes apart. */
// @inline
export function gradientRow(factors: usize, size: i32, half: usize, to: usize, stride: usize): void {
  const g0 = v128.load(half);
  const g1 = v128.load(half, 16);
  if (size === 4) {
    v128.store(to, g0);
    v128.store(to + stride, times(0.5, f32x4.add(g0, g1)));
    v128.store(to + 2 * stride, times(0.5, f32x4.sub(g0, g1)));
    v128.store(to + 3 * stride, g1);
    return;
  }
  const g2 = v128.load(half, 32);
  const g3 = v128.load(half, 48);
  const evenA = madd(v128.load32_splat(factors, 44), g2, f32x4.mul(v128.load32_splat(factors, 36), g0));
  const oddA = madd(v128.load32_splat(factors, 48), g3, f32x4.mul(v128.load32_splat(factors, 40), g1));
  const evenB = madd(v128.load32_splat(factors, 60), g2, f32x4.mul(v128.load32_splat(factors, 52), g0));
  const oddB = madd(v128.load32_splat(factors, 64), g3, f32x4.mul(v128.load32_splat(factors, 56), g1));
  v128.store(to, f32x4.mul(v128.load32_splat(factors, 32), g0));
  v128.store(to + stride, f32x4.add(evenA, oddA));
  v128.store(to + 2 * stride, f32x4.sub(evenA, oddA));
  v128.store(to + 3 * stride, f32x4.add(evenB, oddB));
  v128.store(to + 4 * stride, f32x4.sub(evenB, oddB));
  v128.store(to + 5 * stride, g3);
}

/** A^T m of `size` products to three taps. */
// @inline
export function tapLine(size: i32, from: usize, step: usize, to: usize, toStep: usize): void {
  const m0 = v128.load(from);
  const m1 = v128.load(from + step);
  const m2 = v128.load(from + 2 * step);
  const m3 = v128.load(from + 3 * step);
  const s12 = f32x4.add(m1, m2);
  const d12 = f32x4.sub(m1, m2);
  if (size === 4) {
    v128.store(to, f32x4.add(m0, s12));
    v128.store(to + toStep, d12);
    v128.store(to + 2 * toStep, f32x4.sub(s12, m3));
    return;
  }
  const m4 = v128.load(from + 4 * step);
  const m5 = v128.load(from + 5 * step);
  const s34 = f32x4.add(m3, m4);
  const d34 = f32x4.sub(m3, m4);
  v128.store(to, f32x4.add(f32x4.add(m0, s12), s34));
  v128.store(to + toStep, f32x4.add(times(A, d12), times(B, d34)));
  v128.store(to + 2 * toStep, f32x4.add(f32x4.add(times(A2, s12), times(B2, s34)), m5));
}
