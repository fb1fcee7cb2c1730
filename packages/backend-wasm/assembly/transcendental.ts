/**
 * e^x, ln x, tanh x, 1 / (1 + e^-x) and the normal distribution for four float32 lanes, within 2 units in the last place (the
 * distribution 4, where e^(-x^2 / 2) is not yet tiny).
 *
 * Range reductions and, where nothing else is said, polynomial coefficients: Moshier, "Methods and Programs for Mathematical Functions" (1989), the
 * single-precision set of the Cephes library (expf, logf, tanhf). NaN goes in and comes out.
 */

import { madd } from "./simd";

const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.1219444e-4;

/** e^r - 1 for |r| <= ln 2 / 2. */
// @inline
function expMinusOneReduced(r: v128): v128 {
  let p = madd(f32x4.splat(1.98756915e-4), r, f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  return madd(p, f32x4.mul(r, r), r);
}

/** 1.5 2^23: added to a number below 2^22 it leaves the nearest whole number in the last bits. */
const ROUNDING: f32 = 12582912;
const LOG2_E: f32 = 1.4426950408889634;

// @inline
function reduced(x: v128, n: v128): v128 {
  return madd(n, f32x4.splat(-LN2_LOW), madd(n, f32x4.splat(-LN2_HIGH), x));
}

/** 2^n for whole -126 <= n <= 127. */
// @inline
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** e^x; 0 far below, Infinity far above. */
export function exp4(x: v128): v128 {
  // Beyond these bounds the result is 0 or Infinity anyway, and n stays small enough to be applied in two halves.
  const bounded = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-120)), f32x4.splat(120));
  const rounding = f32x4.splat(ROUNDING);
  const rounded = madd(bounded, f32x4.splat(LOG2_E), rounding);
  const y = f32x4.add(expMinusOneReduced(reduced(bounded, f32x4.sub(rounded, rounding))), f32x4.splat(1));
  const whole = i32x4.sub(rounded, rounding);
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(y, powerOfTwo(half)), powerOfTwo(i32x4.sub(whole, half)));
}

/** e^x for x <= 0; 0 where it would not be a normal number. */
// @inline
function expNotPositive(x: v128): v128 {
  const lowest = f32x4.splat(-86.6);
  const bounded = f32x4.pmax(x, lowest);
  const rounding = f32x4.splat(ROUNDING);
  const rounded = madd(bounded, f32x4.splat(LOG2_E), rounding);
  const y = f32x4.add(expMinusOneReduced(reduced(bounded, f32x4.sub(rounded, rounding))), f32x4.splat(1));
  // The last bits of `rounded` are the whole number that the exponent grows by.
  return v128.andnot(i32x4.add(y, i32x4.shl(rounded, 23)), f32x4.lt(x, lowest));
}

/** p = e^(x - top) over `bytes` bytes of whole vectors, none of x above `top`; the sum of each lane. */
export function expBelow(x: usize, p: usize, bytes: usize, top: f32): v128 {
  const m = f32x4.splat(top);
  let i: usize = 0;
  let sum = f32x4.splat(0);
  let sum1 = sum;
  // Several at a time: constants are loaded once for all of them.
  for (; i + 64 <= bytes; i += 64) {
    const a = expNotPositive(f32x4.sub(v128.load(x + i), m));
    const b = expNotPositive(f32x4.sub(v128.load(x + i, 16), m));
    const c = expNotPositive(f32x4.sub(v128.load(x + i, 32), m));
    const d = expNotPositive(f32x4.sub(v128.load(x + i, 48), m));
    v128.store(p + i, a);
    v128.store(p + i, b, 16);
    v128.store(p + i, c, 32);
    v128.store(p + i, d, 48);
    sum = f32x4.add(f32x4.add(sum, a), c);
    sum1 = f32x4.add(f32x4.add(sum1, b), d);
  }
  for (; i < bytes; i += 16) {
    const e = expNotPositive(f32x4.sub(v128.load(x + i), m));
    v128.store(p + i, e);
    sum = f32x4.add(sum, e);
  }
  return f32x4.add(sum, sum1);
}

/** e^x - 1, exact to the last bits for small x too. */
export function expMinusOne4(x: v128): v128 {
  const small = f32x4.lt(f32x4.abs(x), f32x4.splat(0.34));
  return v128.bitselect(expMinusOneReduced(x), f32x4.sub(exp4(x), f32x4.splat(1)), small);
}

/** ln(1 + r) + exponent ln 2 for sqrt(1/2) <= 1 + r < sqrt(2). */
// @inline
function logReduced(r: v128, exponent: v128): v128 {
  const square = f32x4.mul(r, r);
  let p = madd(f32x4.splat(7.0376836292e-2), r, f32x4.splat(-1.151461031e-1));
  p = madd(p, r, f32x4.splat(1.167699874e-1));
  p = madd(p, r, f32x4.splat(-1.2420140846e-1));
  p = madd(p, r, f32x4.splat(1.4249322787e-1));
  p = madd(p, r, f32x4.splat(-1.6668057665e-1));
  p = madd(p, r, f32x4.splat(2.0000714765e-1));
  p = madd(p, r, f32x4.splat(-2.4999993993e-1));
  p = madd(p, r, f32x4.splat(3.3333331174e-1));
  let y = f32x4.mul(f32x4.mul(p, r), square);
  y = madd(exponent, f32x4.splat(LN2_LOW), y);
  y = madd(square, f32x4.splat(-0.5), y);
  return madd(exponent, f32x4.splat(LN2_HIGH), f32x4.add(r, y));
}

/** ln x; -Infinity for 0, NaN below. */
export function log4(x: v128): v128 {
  // Numbers too small for a normal exponent are scaled up first.
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  // x = m 2^e with sqrt(1/2) <= m < sqrt(2)
  const shifted = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  let exponent = f32x4.convert_i32x4_s(i32x4.shr_s(shifted, 23));
  const m = i32x4.add(v128.and(shifted, i32x4.splat(0x7fffff)), i32x4.splat(0x3f3504f3));
  exponent = f32x4.sub(exponent, v128.and(tiny, f32x4.splat(23)));
  let y = logReduced(f32x4.sub(m, f32x4.splat(1)), exponent);
  y = v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(Infinity)));
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  // ge is false for NaN, so NaN and negative numbers both end here.
  return v128.bitselect(y, f32x4.splat(NaN), f32x4.ge(x, f32x4.splat(0)));
}

export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

export function tanh4(x: v128): v128 {
  const size = f32x4.abs(x);
  const square = f32x4.mul(x, x);
  let p = madd(f32x4.splat(-5.70498872745e-3), square, f32x4.splat(2.06390887954e-2));
  p = madd(p, square, f32x4.splat(-5.37397155531e-2));
  p = madd(p, square, f32x4.splat(1.33314422036e-1));
  p = madd(p, square, f32x4.splat(-3.33332819422e-1));
  const small = madd(f32x4.mul(p, square), x, x);
  const two = f32x4.splat(2);
  const one = f32x4.splat(1);
  const large = f32x4.sub(one, f32x4.div(two, f32x4.add(exp4(f32x4.mul(size, two)), one)));
  const signed = v128.or(large, v128.and(x, i32x4.splat(0x80000000)));
  return v128.bitselect(small, signed, f32x4.lt(size, f32x4.splat(0.625)));
}

/** ln(1 + x) for -1/2 <= x <= 1, exact to the last bits for small x too: 2 artanh(x / (2 + x)), a fitted polynomial. */
export function logOnePlus4(x: v128): v128 {
  const r = f32x4.div(x, f32x4.add(x, f32x4.splat(2)));
  const square = f32x4.mul(r, r);
  let p = madd(f32x4.splat(0.28191546), square, f32x4.splat(0.27957666));
  p = madd(p, square, f32x4.splat(0.40025115));
  p = madd(p, square, f32x4.splat(0.6666631));
  return madd(f32x4.mul(p, square), r, f32x4.add(r, r));
}

/** e^(-x^2 / 2), for callers of `normalTail4` that need it too. */
export let gaussian: v128 = f32x4.splat(0);

/**
 * The share of standard normal numbers below -abs(x), to the last bits however small it is: e^(-x^2 / 2) times a function that
 * varies slowly, a polynomial in 1 / (1 + 0.35 abs(x)) fitted for equal relative errors.
 */
export function normalTail4(x: v128): v128 {
  const one = f32x4.splat(1);
  const t = f32x4.div(one, madd(f32x4.abs(x), f32x4.splat(0.35), one));
  let p = madd(f32x4.splat(-0.029145928), t, f32x4.splat(0.14397168));
  p = madd(p, t, f32x4.splat(-0.25571423));
  p = madd(p, t, f32x4.splat(0.15917413));
  p = madd(p, t, f32x4.splat(-0.023109813));
  p = madd(p, t, f32x4.splat(0.105508));
  p = madd(p, t, f32x4.splat(0.11983287));
  p = madd(p, t, f32x4.splat(0.13986187));
  p = madd(p, t, f32x4.splat(0.1396214));
  gaussian = exp4(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)));
  return f32x4.mul(f32x4.mul(p, t), gaussian);
}

/** ln((v + 1) / 2^32) for whole v, unsigned. */
export function logOfWord4(v: v128): v128 {
  const unit = f32x4.splat(2.3283064365386963e-10);
  const x = f32x4.mul(f32x4.add(f32x4.convert_i32x4_u(v), f32x4.splat(1)), unit);
  const shifted = i32x4.sub(x, i32x4.splat(0x3f3504f3));
  const exponent = i32x4.shr_s(shifted, 23);
  const m = i32x4.add(v128.and(shifted, i32x4.splat(0x7fffff)), i32x4.splat(0x3f3504f3));
  // Near 1 the difference from it comes from the whole number, of which x has lost digits.
  const near = f32x4.neg(f32x4.mul(f32x4.convert_i32x4_s(v128.not(v)), unit));
  const r = v128.bitselect(near, f32x4.sub(m, f32x4.splat(1)), i32x4.eq(exponent, i32x4.splat(0)));
  return logReduced(r, f32x4.convert_i32x4_s(exponent));
}

/** cos(2 pi v / 2^32) for whole v, unsigned; within 2^-23 of the truth. */
export function cosineOfTurn4(v: v128): v128 {
  // v = quarter 2^30 + r with abs(r) <= 2^29: at most an eighth of a turn.
  const quarter = i32x4.shr_u(i32x4.add(v, i32x4.splat(0x20000000)), 30);
  const r = i32x4.sub(v, i32x4.shl(quarter, 30));
  const x = f32x4.mul(f32x4.convert_i32x4_s(r), f32x4.splat(1.4629180792671596e-9));
  const square = f32x4.mul(x, x);
  let sine = madd(f32x4.splat(-1.9515295891e-4), square, f32x4.splat(8.3321608736e-3));
  sine = madd(sine, square, f32x4.splat(-1.6666654611e-1));
  sine = madd(f32x4.mul(sine, square), x, x);
  let cosine = madd(f32x4.splat(2.443315711809948e-5), square, f32x4.splat(-1.388731625493765e-3));
  cosine = madd(cosine, square, f32x4.splat(4.166664568298827e-2));
  cosine = madd(f32x4.mul(cosine, square), square, madd(square, f32x4.splat(-0.5), f32x4.splat(1)));
  const one = i32x4.splat(1);
  const value = v128.bitselect(sine, cosine, i32x4.eq(v128.and(quarter, one), one));
  // In the second and third quarter it is negative.
  return v128.xor(value, i32x4.shl(v128.and(i32x4.add(quarter, one), i32x4.splat(2)), 30));
}

/** ln x of one number, by the same arithmetic. */
export function log1(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}

/** e^x of one number, by the same arithmetic. */
export function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x)), 0);
}
