/**
 * What the normalizations share: passes over a matrix of rows of C channels, with a number for each channel beside it.
 *
 * Rows are taken `together` so that they fill whole vectors: a wide row is `width` numbers, a multiple of four and of C, and
 * channel c stands in it at c, c + C, ... So inner loops have neither tails nor index arithmetic; only at the end of the matrix
 * there may be less than a wide row. Numbers by channel are spread over tables of `width`.
 */

import { copyNumbers } from "./copy";
import { madd, storeTail } from "./simd";

/** Repeats the first `channels` numbers of `table` until `width` are there. */
export function spread(table: usize, channels: i32, width: i32): void {
  for (let there = channels; there < width; there *= 2) {
    copyNumbers(table, table + ((<usize>there) << 2), min(there, width - there));
  }
}

/**
 * Numbers of a wide row from which on sums are kept in memory and rows read in the order in which they lie: processors foresee that, and
 * reading by columns is up to three times as slow where rows come from beyond the second-level cache.
 */
const WIDE: i32 = 32;

/** sums[v] = sum over r of x[r,v] for `rows` wide rows. */
export function channelSums(x: usize, rows: i32, width: i32, sums: usize): void {
  const stride = (<usize>width) << 2;
  if (width > WIDE) {
    memory.copy(sums, x, stride);
    const end = x + <usize>rows * stride;
    for (x += stride; x < end; x += stride) {
      for (let v: usize = 0; v < stride; v += 16)
        v128.store(sums + v, f32x4.add(v128.load(sums + v), v128.load(x + v)));
    }
    return;
  }
  let v: usize = 0;
  for (; v + 64 <= stride; v += 64) {
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let p = x + v;
    for (let r = 0; r < rows; r++) {
      a = f32x4.add(a, v128.load(p));
      b = f32x4.add(b, v128.load(p, 16));
      c = f32x4.add(c, v128.load(p, 32));
      d = f32x4.add(d, v128.load(p, 48));
      p += stride;
    }
    v128.store(sums + v, a);
    v128.store(sums + v, b, 16);
    v128.store(sums + v, c, 32);
    v128.store(sums + v, d, 48);
  }
  for (; v < stride; v += 16) {
    let a = f32x4.splat(0);
    let p = x + v;
    for (let r = 0; r < rows; r++) {
      a = f32x4.add(a, v128.load(p));
      p += stride;
    }
    v128.store(sums + v, a);
  }
}

// @inline
function squared(sum: v128, x: v128, mean: v128): v128 {
  const difference = f32x4.sub(x, mean);
  return madd(difference, difference, sum);
}

/** squares[v] = sum over r of (x[r,v] - mean[v])^2 for `rows` wide rows. */
export function channelSquares(x: usize, rows: i32, width: i32, mean: usize, squares: usize): void {
  if (width <= WIDE) {
    cachedSquares(x, rows, width, mean, squares);
    return;
  }
  const stride = (<usize>width) << 2;
  memory.fill(squares, 0, stride);
  for (const end = x + <usize>rows * stride; x < end; x += stride) {
    for (let v: usize = 0; v < stride; v += 16) {
      v128.store(squares + v, squared(v128.load(squares + v), v128.load(x + v), v128.load(mean + v)));
    }
  }
}

/** The same where x has just been read: in a cache the order does not matter, and sums in registers cost less. */
export function cachedSquares(x: usize, rows: i32, width: i32, mean: usize, squares: usize): void {
  const stride = (<usize>width) << 2;
  let v: usize = 0;
  for (; v + 64 <= stride; v += 64) {
    const ma = v128.load(mean + v);
    const mb = v128.load(mean + v, 16);
    const mc = v128.load(mean + v, 32);
    const md = v128.load(mean + v, 48);
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let p = x + v;
    for (let r = 0; r < rows; r++) {
      a = squared(a, v128.load(p), ma);
      b = squared(b, v128.load(p, 16), mb);
      c = squared(c, v128.load(p, 32), mc);
      d = squared(d, v128.load(p, 48), md);
      p += stride;
    }
    v128.store(squares + v, a);
    v128.store(squares + v, b, 16);
    v128.store(squares + v, c, 32);
    v128.store(squares + v, d, 48);
  }
  for (; v < stride; v += 16) {
    const m = v128.load(mean + v);
    let a = f32x4.splat(0);
    let p = x + v;
    for (let r = 0; r < rows; r++) {
      a = squared(a, v128.load(p), m);
      p += stride;
    }
    v128.store(squares + v, a);
  }
}

/** `channelProducts` row by row. */
function productsOfRows(
  dy: usize,
  x: usize,
  rows: i32,
  stride: usize,
  mean: usize,
  sums: usize,
  products: usize,
): void {
  memory.fill(sums, 0, stride);
  memory.fill(products, 0, stride);
  const end = x + <usize>rows * stride;
  while (x < end) {
    for (let v: usize = 0; v < stride; v += 16) {
      const g = v128.load(dy + v);
      v128.store(sums + v, f32x4.add(v128.load(sums + v), g));
      const difference = f32x4.sub(v128.load(x + v), v128.load(mean + v));
      v128.store(products + v, madd(g, difference, v128.load(products + v)));
    }
    x += stride;
    dy += stride;
  }
}

/** sums[v] = sum over r of dy[r,v], products[v] = sum over r of dy[r,v] (x[r,v] - mean[v]), for `rows` wide rows. */
export function channelProducts(
  dy: usize,
  x: usize,
  rows: i32,
  width: i32,
  mean: usize,
  sums: usize,
  products: usize,
): void {
  const stride = (<usize>width) << 2;
  if (width > WIDE) {
    productsOfRows(dy, x, rows, stride, mean, sums, products);
    return;
  }
  let v: usize = 0;
  for (; v + 32 <= stride; v += 32) {
    const ma = v128.load(mean + v);
    const mb = v128.load(mean + v, 16);
    let a = f32x4.splat(0);
    let b = a;
    let pa = a;
    let pb = a;
    // Two rows at a time into sums of their own: the next row need not wait for the last one's addition.
    let a1 = a;
    let b1 = a;
    let pa1 = a;
    let pb1 = a;
    let p = x + v;
    let q = dy + v;
    let r: i32 = 0;
    for (; r + 2 <= rows; r += 2) {
      const ga = v128.load(q);
      const gb = v128.load(q, 16);
      a = f32x4.add(a, ga);
      b = f32x4.add(b, gb);
      pa = madd(ga, f32x4.sub(v128.load(p), ma), pa);
      pb = madd(gb, f32x4.sub(v128.load(p, 16), mb), pb);
      p += stride;
      q += stride;
      const ga1 = v128.load(q);
      const gb1 = v128.load(q, 16);
      a1 = f32x4.add(a1, ga1);
      b1 = f32x4.add(b1, gb1);
      pa1 = madd(ga1, f32x4.sub(v128.load(p), ma), pa1);
      pb1 = madd(gb1, f32x4.sub(v128.load(p, 16), mb), pb1);
      p += stride;
      q += stride;
    }
    if (r < rows) {
      const ga = v128.load(q);
      const gb = v128.load(q, 16);
      a = f32x4.add(a, ga);
      b = f32x4.add(b, gb);
      pa = madd(ga, f32x4.sub(v128.load(p), ma), pa);
      pb = madd(gb, f32x4.sub(v128.load(p, 16), mb), pb);
    }
    v128.store(sums + v, f32x4.add(a, a1));
    v128.store(sums + v, f32x4.add(b, b1), 16);
    v128.store(products + v, f32x4.add(pa, pa1));
    v128.store(products + v, f32x4.add(pb, pb1), 16);
  }
  for (; v < stride; v += 16) {
    const m = v128.load(mean + v);
    let a = f32x4.splat(0);
    let pa = a;
    let p = x + v;
    let q = dy + v;
    for (let r = 0; r < rows; r++) {
      const g = v128.load(q);
      a = f32x4.add(a, g);
      pa = madd(g, f32x4.sub(v128.load(p), m), pa);
      p += stride;
      q += stride;
    }
    v128.store(sums + v, a);
    v128.store(products + v, pa);
  }
}

// What is done to each number; T0, T1, ... are the tables at its channel.
/** (a - T0) T1 + T2, between floor and ceiling */
const SHIFT_AND_SCALE: i32 = 1;
/** a T0 */
const SCALE: i32 = 2;
/** (a - T1) T2 - (b - T0) T3 */
const GRADIENT: i32 = 3;
/** (a T4 - T1) T2 - (b - T0) T3 */
const SCALED_GRADIENT: i32 = 4;
/** a floor where the bits of T0 are set, else 0 */
const MASK: i32 = 5;
/** (a - T0) T1 + T2 + b, between floor and ceiling */
const SHIFT_SCALE_AND_ADD: i32 = 6;

// @inline
function shiftedAndScaled(a: v128, table: usize, step: usize): v128 {
  return madd(f32x4.sub(a, v128.load(table)), v128.load(table + step), v128.load(table + 2 * step));
}

// @inline
function formula(kind: i32, a: v128, b: usize, table: usize, step: usize, floor: v128, ceiling: v128): v128 {
  switch (kind) {
    case SHIFT_AND_SCALE:
      return f32x4.pmin(f32x4.pmax(shiftedAndScaled(a, table, step), floor), ceiling);
    case SHIFT_SCALE_AND_ADD: {
      const sum = f32x4.add(shiftedAndScaled(a, table, step), v128.load(b));
      return f32x4.pmin(f32x4.pmax(sum, floor), ceiling);
    }
    case SCALE:
      return f32x4.mul(a, v128.load(table));
    case MASK:
      return v128.and(f32x4.mul(a, floor), v128.load(table));
    default: {
      const d = kind === SCALED_GRADIENT ? f32x4.mul(a, v128.load(table + 4 * step)) : a;
      const first = f32x4.mul(f32x4.sub(d, v128.load(table + step)), v128.load(table + 2 * step));
      const second = f32x4.mul(f32x4.sub(v128.load(b), v128.load(table)), v128.load(table + 3 * step));
      return f32x4.sub(first, second);
    }
  }
}

/** y[i] = formula of a[i], b[i] and the tables, for `length` numbers that begin with channel 0. */
// @inline
function overChannels(
  kind: i32,
  a: usize,
  b: usize,
  y: usize,
  length: i32,
  tables: usize,
  width: i32,
  lowest: f32,
  highest: f32,
): void {
  const step = (<usize>width) << 2;
  const floor = f32x4.splat(lowest);
  const ceiling = f32x4.splat(highest);
  const end = (<usize>(length & ~3)) << 2;
  let i: usize = 0;
  while (i < end) {
    const stop = min(i + step, end);
    let table = tables;
    while (i < stop) {
      v128.store(y + i, formula(kind, v128.load(a + i), b + i, table, step, floor, ceiling));
      i += 16;
      table += 16;
    }
  }
  const rest = length & 3;
  if (rest) storeTail(y + i, formula(kind, v128.load(a + i), b + i, tables + (i % step), step, floor, ceiling), rest);
}

/** y = (x - T0) T1 + T2 */
export function shiftAndScale(x: usize, y: usize, length: i32, tables: usize, width: i32): void {
  overChannels(SHIFT_AND_SCALE, x, 0, y, length, tables, width, -Infinity, Infinity);
}

/** y = (x - T0) T1 + T2 + what is added, 0 for nothing, between `lowest` and `highest`; y may be x or the addend. */
export function shiftScaleAndAdd(
  x: usize,
  addend: usize,
  y: usize,
  length: i32,
  tables: usize,
  width: i32,
  lowest: f32,
  highest: f32,
): void {
  if (addend === 0) overChannels(SHIFT_AND_SCALE, x, 0, y, length, tables, width, lowest, highest);
  else overChannels(SHIFT_SCALE_AND_ADD, x, addend, y, length, tables, width, lowest, highest);
}

/** y = x T0 */
export function scaleChannels(x: usize, y: usize, length: i32, tables: usize, width: i32): void {
  overChannels(SCALE, x, 0, y, length, tables, width, 0, 0);
}

/** dx = (dy - T1) T2 - (x - T0) T3 */
export function normalizedGradient(dy: usize, x: usize, dx: usize, length: i32, tables: usize, width: i32): void {
  overChannels(GRADIENT, dy, x, dx, length, tables, width, 0, 0);
}

/** dx = (dy T4 - T1) T2 - (x - T0) T3 */
export function scaledGradient(dy: usize, x: usize, dx: usize, length: i32, tables: usize, width: i32): void {
  overChannels(SCALED_GRADIENT, dy, x, dx, length, tables, width, 0, 0);
}

/** y = x factor where T0 is set, else 0 */
export function maskChannels(x: usize, y: usize, length: i32, tables: usize, width: i32, factor: f32): void {
  overChannels(MASK, x, 0, y, length, tables, width, factor, 0);
}
