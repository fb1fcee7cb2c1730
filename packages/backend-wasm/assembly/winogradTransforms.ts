/**
 * The one-dimensional transforms of Winograd's minimal filtering F(2,3) and F(4,3), four lanes at a time. Two-dimensional
 * ones apply them to the columns, then to the rows. Lines have 4 or 6 numbers before the products and 2 or 4 after them.
 *
 * F(2,3) interpolates at 0, 1, -1 and infinity (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR
 * 2016). F(4,3) interpolates at 0, a, -a, b, -b and infinity with a = 5/8 and b = 3/2, where its rounding error was the
 * smallest of a dozen choices: a fifth of that with the usual 1 and 2 (largest of 100,000 sums of 288 products of unit
 * normals: 8e-5 against 45e-5; F(2,3) 2e-5).
 */

const A: f32 = 0.625;
const B: f32 = 1.5;
const A2: f32 = A * A;
const B2: f32 = B * B;

// @inline
function times(a: f32, v: v128): v128 {
  return f32x4.mul(f32x4.splat(a), v);
}

/** B^T d of `size` inputs `step` bytes apart to `size` places `toStep` bytes apart. */
// @inline
export function inputLine(size: i32, from: usize, step: usize, to: usize, toStep: usize): void {
  const d0 = v128.load(from);
  const d1 = v128.load(from + step);
  const d2 = v128.load(from + 2 * step);
  const d3 = v128.load(from + 3 * step);
  if (size === 4) {
    v128.store(to, f32x4.sub(d0, d2));
    v128.store(to + toStep, f32x4.add(d1, d2));
    v128.store(to + 2 * toStep, f32x4.sub(d2, d1));
    v128.store(to + 3 * toStep, f32x4.sub(d1, d3));
    return;
  }
  const d4 = v128.load(from + 4 * step);
  const d5 = v128.load(from + 5 * step);
  const evenA = f32x4.sub(d4, times(B2, d2));
  const oddA = times(A, f32x4.sub(d3, times(B2, d1)));
  const evenB = f32x4.sub(d4, times(A2, d2));
  const oddB = times(B, f32x4.sub(d3, times(A2, d1)));
  v128.store(to, f32x4.add(f32x4.sub(times(A2 * B2, d0), times(A2 + B2, d2)), d4));
  v128.store(to + toStep, f32x4.add(evenA, oddA));
  v128.store(to + 2 * toStep, f32x4.sub(evenA, oddA));
  v128.store(to + 3 * toStep, f32x4.add(evenB, oddB));
  v128.store(to + 4 * toStep, f32x4.sub(evenB, oddB));
  v128.store(to + 5 * toStep, f32x4.add(f32x4.sub(times(A2 * B2, d1), times(A2 + B2, d3)), d5));
}

// @inline
function larger(sizes: v128, v: v128): v128 {
  return f32x4.pmax(sizes, f32x4.abs(v));
}

/** A^T m of `size` products to `size` - 2 places; returns the largest of `sizes` and the results' absolute values. */
// @inline
export function outputColumn(size: i32, from: usize, step: usize, to: usize, toStep: usize, sizes: v128): v128 {
  const m0 = v128.load(from);
  const m1 = v128.load(from + step);
  const m2 = v128.load(from + 2 * step);
  const m3 = v128.load(from + 3 * step);
  const s12 = f32x4.add(m1, m2);
  const d12 = f32x4.sub(m1, m2);
  if (size === 4) {
    const y0 = f32x4.add(m0, s12);
    const y1 = f32x4.sub(d12, m3);
    v128.store(to, y0);
    v128.store(to + toStep, y1);
    return larger(larger(sizes, y0), y1);
  }
  const m4 = v128.load(from + 4 * step);
  const m5 = v128.load(from + 5 * step);
  const s34 = f32x4.add(m3, m4);
  const d34 = f32x4.sub(m3, m4);
  const y0 = f32x4.add(f32x4.add(m0, s12), s34);
  const y1 = f32x4.add(times(A, d12), times(B, d34));
  const y2 = f32x4.add(times(A2, s12), times(B2, s34));
  const y3 = f32x4.add(f32x4.add(times(A * A2, d12), times(B * B2, d34)), m5);
  v128.store(to, y0);
  v128.store(to + toStep, y1);
  v128.store(to + 2 * toStep, y2);
  v128.store(to + 3 * toStep, y3);
  return larger(larger(larger(larger(sizes, y0), y1), y2), y3);
}

/** A^T m of a row of `size` numbers to `size` - 2 outputs. Vectors lie side by side. */
// @inline
export function outputRow(size: i32, from: usize, to: usize): void {
  const m0 = v128.load(from);
  const m1 = v128.load(from, 16);
  const m2 = v128.load(from, 32);
  const m3 = v128.load(from, 48);
  const s12 = f32x4.add(m1, m2);
  const d12 = f32x4.sub(m1, m2);
  if (size === 4) {
    v128.store(to, f32x4.add(m0, s12));
    v128.store(to, f32x4.sub(d12, m3), 16);
    return;
  }
  const m4 = v128.load(from, 64);
  const m5 = v128.load(from, 80);
  const s34 = f32x4.add(m3, m4);
  const d34 = f32x4.sub(m3, m4);
  v128.store(to, f32x4.add(f32x4.add(m0, s12), s34));
  v128.store(to, f32x4.add(times(A, d12), times(B, d34)), 16);
  v128.store(to, f32x4.add(times(A2, s12), times(B2, s34)), 32);
  v128.store(to, f32x4.add(f32x4.add(times(A * A2, d12), times(B * B2, d34)), m5), 48);
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
  const atZero: f32 = 1 / (A2 * B2);
  const atA: f32 = 1 / (2 * A2 * (A2 - B2));
  const atB: f32 = 1 / (2 * B2 * (B2 - A2));
  const evenA = f32x4.add(times(atA, g0), times(atA * A2, g2));
  const oddA = times(atA * A, g1);
  const evenB = f32x4.add(times(atB, g0), times(atB * B2, g2));
  const oddB = times(atB * B, g1);
  v128.store(to, times(atZero, g0));
  v128.store(to + toStep, f32x4.add(evenA, oddA));
  v128.store(to + 2 * toStep, f32x4.sub(evenA, oddA));
  v128.store(to + 3 * toStep, f32x4.add(evenB, oddB));
  v128.store(to + 4 * toStep, f32x4.sub(evenB, oddB));
  v128.store(to + 5 * toStep, g2);
}
