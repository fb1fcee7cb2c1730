/**
 * Register tiles of matrix products, the inner loops of matMul, the convolutions and their Winograd form.
 *
 * Cost: 2 * rows * 8 * K operations. Idea: 6 x 8 sums stay in 12 vector registers, two hold a row of b and one a number of
 * a: 15, all that V8 gives away of 16, so eight loads feed 12 fused multiply-adds. Without those a product needs a register
 * more; there 4 x 8 sums stay, and rows are left over for 6 x 8 alone (`takesSix`).
 *
 * The compilers of engines decide what is spilled, and the order of the statements decides what they do:
 * - the last row comes first. Node 20 and 22 place operations from the loop's end upwards in the order of its variables, and
 *   loads as they stand: the other way round they load a number of each row before they use the first;
 * - one k a turn with fused multiply-add, two without. Four k a turn made one chain of each sum, with rows of b for all four
 *   and half of the sums in memory.
 *
 * Measured on operands in the first-level cache, one thread of a Zen 4 core at 3.67 GHz, where 58.7 GFLOP/s is the limit, with
 * the forms before (four k a turn, first row first) behind it: Node 24 and 22 with relaxed SIMD 56 (44, 29), Node 20 without
 * 46 in tiles of four, 39 in tiles of six (25). "Percent of peak", here and in the other files, means of `peak.ts`, which
 * runs this tile; figures of other files that name no processor are of Node 20 on a Sapphire Rapids core at 2.6 GHz.
 */

import { madd } from "./simd";

/** Whether of `rows` rows that are left the next go into a tile of six, otherwise into one of four. */
// @inline
export function takesSix(rows: i32): bool {
  if (rows === 5 || rows === 6) return true;
  return ASC_FEATURE_RELAXED_SIMD ? rows >= 9 : rows === 9 || rows === 10;
}

/**
 * 6 rows x 8 columns: c[i][0..7] = start + sum over k < K of a[i][k] * b[k][0..7], kept between floor and ceiling.
 *
 * a0..a5: rows of K contiguous numbers, anywhere. b: rows of 8 numbers, ldb bytes apart. c0..c5: where the rows go. start:
 * 8 numbers that every row starts from, or 0 to go on from what is in c. Rows may be the same row: it is written twice.
 */
// biome-ignore format: a row of the tile on a line
// @inline
export function tile6x8(
  a0: usize, a1: usize, a2: usize, a3: usize, a4: usize, a5: usize,
  K: i32, b: usize, ldb: usize,
  c0: usize, c1: usize, c2: usize, c3: usize, c4: usize, c5: usize,
  start: usize, floor: v128, ceiling: v128,
): void {
  let u0 = v128.load(start !== 0 ? start : c0);
  let v0 = v128.load(start !== 0 ? start : c0, 16);
  let u1 = v128.load(start !== 0 ? start : c1);
  let v1 = v128.load(start !== 0 ? start : c1, 16);
  let u2 = v128.load(start !== 0 ? start : c2);
  let v2 = v128.load(start !== 0 ? start : c2, 16);
  let u3 = v128.load(start !== 0 ? start : c3);
  let v3 = v128.load(start !== 0 ? start : c3, 16);
  let u4 = v128.load(start !== 0 ? start : c4);
  let v4 = v128.load(start !== 0 ? start : c4, 16);
  let u5 = v128.load(start !== 0 ? start : c5);
  let v5 = v128.load(start !== 0 ? start : c5, 16);
  let low = v128.load(b);
  let high = low;
  let s = low;
  const end = b + <usize>K * ldb;
  if (!ASC_FEATURE_RELAXED_SIMD) {
    const end2 = b + <usize>(K >> 1) * ldb * 2;
    while (b !== end2) {
      low = v128.load(b);
      high = v128.load(b, 16);
      b += ldb;
      s = v128.load32_splat(a5); u5 = madd(s, low, u5); v5 = madd(s, high, v5);
      s = v128.load32_splat(a4); u4 = madd(s, low, u4); v4 = madd(s, high, v4);
      s = v128.load32_splat(a3); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
      s = v128.load32_splat(a2); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
      s = v128.load32_splat(a1); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
      s = v128.load32_splat(a0); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
      low = v128.load(b);
      high = v128.load(b, 16);
      b += ldb;
      s = v128.load32_splat(a5, 4); u5 = madd(s, low, u5); v5 = madd(s, high, v5);
      s = v128.load32_splat(a4, 4); u4 = madd(s, low, u4); v4 = madd(s, high, v4);
      s = v128.load32_splat(a3, 4); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
      s = v128.load32_splat(a2, 4); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
      s = v128.load32_splat(a1, 4); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
      s = v128.load32_splat(a0, 4); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
      a0 += 8; a1 += 8; a2 += 8; a3 += 8; a4 += 8; a5 += 8;
    }
  }
  while (b !== end) {
    low = v128.load(b);
    high = v128.load(b, 16);
    b += ldb;
    s = v128.load32_splat(a5); u5 = madd(s, low, u5); v5 = madd(s, high, v5);
    s = v128.load32_splat(a4); u4 = madd(s, low, u4); v4 = madd(s, high, v4);
    s = v128.load32_splat(a3); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    s = v128.load32_splat(a2); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a1); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a0); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    a0 += 4; a1 += 4; a2 += 4; a3 += 4; a4 += 4; a5 += 4;
  }
  v128.store(c0, f32x4.pmin(f32x4.pmax(u0, floor), ceiling));
  v128.store(c0, f32x4.pmin(f32x4.pmax(v0, floor), ceiling), 16);
  v128.store(c1, f32x4.pmin(f32x4.pmax(u1, floor), ceiling));
  v128.store(c1, f32x4.pmin(f32x4.pmax(v1, floor), ceiling), 16);
  v128.store(c2, f32x4.pmin(f32x4.pmax(u2, floor), ceiling));
  v128.store(c2, f32x4.pmin(f32x4.pmax(v2, floor), ceiling), 16);
  v128.store(c3, f32x4.pmin(f32x4.pmax(u3, floor), ceiling));
  v128.store(c3, f32x4.pmin(f32x4.pmax(v3, floor), ceiling), 16);
  v128.store(c4, f32x4.pmin(f32x4.pmax(u4, floor), ceiling));
  v128.store(c4, f32x4.pmin(f32x4.pmax(v4, floor), ceiling), 16);
  v128.store(c5, f32x4.pmin(f32x4.pmax(u5, floor), ceiling));
  v128.store(c5, f32x4.pmin(f32x4.pmax(v5, floor), ceiling), 16);
}

/**
 * 4 rows x 8 columns: c[i][0..7] = start + sum over k < K of a[i][k] * b[k][0..7], kept between floor and ceiling.
 *
 * a0..a3: rows of K contiguous numbers, anywhere. b: rows of 8 numbers, ldb bytes apart. c0..c3: where the rows go. start:
 * 8 numbers that every row starts from, or 0 to go on from what is in c. Rows may be the same row: it is written twice.
 */
// biome-ignore format: a row of the tile on a line
// @inline
export function tile4x8(
  a0: usize, a1: usize, a2: usize, a3: usize,
  K: i32, b: usize, ldb: usize,
  c0: usize, c1: usize, c2: usize, c3: usize,
  start: usize, floor: v128, ceiling: v128,
): void {
  let u0 = v128.load(start !== 0 ? start : c0);
  let v0 = v128.load(start !== 0 ? start : c0, 16);
  let u1 = v128.load(start !== 0 ? start : c1);
  let v1 = v128.load(start !== 0 ? start : c1, 16);
  let u2 = v128.load(start !== 0 ? start : c2);
  let v2 = v128.load(start !== 0 ? start : c2, 16);
  let u3 = v128.load(start !== 0 ? start : c3);
  let v3 = v128.load(start !== 0 ? start : c3, 16);
  let low = v128.load(b);
  let high = low;
  let s = low;
  const end = b + <usize>K * ldb;
  if (!ASC_FEATURE_RELAXED_SIMD) {
    const end2 = b + <usize>(K >> 1) * ldb * 2;
    while (b !== end2) {
      low = v128.load(b);
      high = v128.load(b, 16);
      b += ldb;
      s = v128.load32_splat(a3); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
      s = v128.load32_splat(a2); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
      s = v128.load32_splat(a1); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
      s = v128.load32_splat(a0); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
      low = v128.load(b);
      high = v128.load(b, 16);
      b += ldb;
      s = v128.load32_splat(a3, 4); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
      s = v128.load32_splat(a2, 4); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
      s = v128.load32_splat(a1, 4); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
      s = v128.load32_splat(a0, 4); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
      a0 += 8; a1 += 8; a2 += 8; a3 += 8;
    }
  }
  while (b !== end) {
    low = v128.load(b);
    high = v128.load(b, 16);
    b += ldb;
    s = v128.load32_splat(a3); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    s = v128.load32_splat(a2); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a1); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a0); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    a0 += 4; a1 += 4; a2 += 4; a3 += 4;
  }
  v128.store(c0, f32x4.pmin(f32x4.pmax(u0, floor), ceiling));
  v128.store(c0, f32x4.pmin(f32x4.pmax(v0, floor), ceiling), 16);
  v128.store(c1, f32x4.pmin(f32x4.pmax(u1, floor), ceiling));
  v128.store(c1, f32x4.pmin(f32x4.pmax(v1, floor), ceiling), 16);
  v128.store(c2, f32x4.pmin(f32x4.pmax(u2, floor), ceiling));
  v128.store(c2, f32x4.pmin(f32x4.pmax(v2, floor), ceiling), 16);
  v128.store(c3, f32x4.pmin(f32x4.pmax(u3, floor), ceiling));
  v128.store(c3, f32x4.pmin(f32x4.pmax(v3, floor), ceiling), 16);
}

/**
 * The same over several runs of a: `rows` times `runs` runs of `run` numbers, `runStep` and `rowStep` bytes apart; b goes on.
 * The sums stay in registers throughout.
 */
// biome-ignore format: a row of the tile on a line
// @inline
export function tileRuns4x8(
  a0: usize, a1: usize, a2: usize, a3: usize,
  run: i32, runs: i32, runStep: usize, rows: i32, rowStep: usize, b: usize,
  c0: usize, c1: usize, c2: usize, c3: usize,
  start: usize, floor: v128, ceiling: v128,
): void {
  let u0 = v128.load(start);
  let v0 = v128.load(start, 16);
  let u1 = u0;
  let v1 = v0;
  let u2 = u0;
  let v2 = v0;
  let u3 = u0;
  let v3 = v0;
  let low = u0;
  let high = u0;
  let s = u0;
  const runBytes = (<usize>run) << 5;
  let line: usize = 0;
  for (let row = 0; row < rows; row++) {
    let offset = line;
    for (let r = 0; r < runs; r++) {
      let p0 = a0 + offset;
      let p1 = a1 + offset;
      let p2 = a2 + offset;
      let p3 = a3 + offset;
      const end = b + runBytes;
      while (b !== end) {
        low = v128.load(b);
        high = v128.load(b, 16);
        s = v128.load32_splat(p3); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
        s = v128.load32_splat(p2); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
        s = v128.load32_splat(p1); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
        s = v128.load32_splat(p0); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
        b += 32;
        p0 += 4; p1 += 4; p2 += 4; p3 += 4;
      }
      offset += runStep;
    }
    line += rowStep;
  }
  v128.store(c0, f32x4.pmin(f32x4.pmax(u0, floor), ceiling));
  v128.store(c0, f32x4.pmin(f32x4.pmax(v0, floor), ceiling), 16);
  v128.store(c1, f32x4.pmin(f32x4.pmax(u1, floor), ceiling));
  v128.store(c1, f32x4.pmin(f32x4.pmax(v1, floor), ceiling), 16);
  v128.store(c2, f32x4.pmin(f32x4.pmax(u2, floor), ceiling));
  v128.store(c2, f32x4.pmin(f32x4.pmax(v2, floor), ceiling), 16);
  v128.store(c3, f32x4.pmin(f32x4.pmax(u3, floor), ceiling));
  v128.store(c3, f32x4.pmin(f32x4.pmax(v3, floor), ceiling), 16);
}

/**
 * The same for a transposed a: a[i][k] stands at a + 4 i + k lda. Rows from `rows` on are computed from whatever follows and
 * not kept.
 */
// biome-ignore format: a row of the tile on a line
// @inline
export function tileTransposed6x8(
  a: usize, lda: usize, K: i32, b: usize, ldb: usize,
  c: usize, ldc: usize, rows: i32, start: usize, floor: v128, ceiling: v128,
): void {
  const c1 = c + <usize>min(1, rows - 1) * ldc;
  const c2 = c + <usize>min(2, rows - 1) * ldc;
  const c3 = c + <usize>min(3, rows - 1) * ldc;
  const c4 = c + <usize>min(4, rows - 1) * ldc;
  const c5 = c + <usize>min(5, rows - 1) * ldc;
  let u0 = v128.load(start !== 0 ? start : c);
  let v0 = v128.load(start !== 0 ? start : c, 16);
  let u1 = v128.load(start !== 0 ? start : c1);
  let v1 = v128.load(start !== 0 ? start : c1, 16);
  let u2 = v128.load(start !== 0 ? start : c2);
  let v2 = v128.load(start !== 0 ? start : c2, 16);
  let u3 = v128.load(start !== 0 ? start : c3);
  let v3 = v128.load(start !== 0 ? start : c3, 16);
  let u4 = v128.load(start !== 0 ? start : c4);
  let v4 = v128.load(start !== 0 ? start : c4, 16);
  let u5 = v128.load(start !== 0 ? start : c5);
  let v5 = v128.load(start !== 0 ? start : c5, 16);
  let low = v128.load(b);
  let high = low;
  let s = low;
  const end = b + <usize>K * ldb;
  if (!ASC_FEATURE_RELAXED_SIMD) {
    const end2 = b + <usize>(K >> 1) * ldb * 2;
    while (b !== end2) {
      low = v128.load(b);
      high = v128.load(b, 16);
      s = v128.load32_splat(a, 20); u5 = madd(s, low, u5); v5 = madd(s, high, v5);
      s = v128.load32_splat(a, 16); u4 = madd(s, low, u4); v4 = madd(s, high, v4);
      s = v128.load32_splat(a, 12); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
      s = v128.load32_splat(a, 8); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
      s = v128.load32_splat(a, 4); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
      s = v128.load32_splat(a); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
      a += lda;
      b += ldb;
      low = v128.load(b);
      high = v128.load(b, 16);
      s = v128.load32_splat(a, 20); u5 = madd(s, low, u5); v5 = madd(s, high, v5);
      s = v128.load32_splat(a, 16); u4 = madd(s, low, u4); v4 = madd(s, high, v4);
      s = v128.load32_splat(a, 12); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
      s = v128.load32_splat(a, 8); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
      s = v128.load32_splat(a, 4); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
      s = v128.load32_splat(a); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
      a += lda;
      b += ldb;
    }
  }
  while (b !== end) {
    low = v128.load(b);
    high = v128.load(b, 16);
    s = v128.load32_splat(a, 20); u5 = madd(s, low, u5); v5 = madd(s, high, v5);
    s = v128.load32_splat(a, 16); u4 = madd(s, low, u4); v4 = madd(s, high, v4);
    s = v128.load32_splat(a, 12); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    s = v128.load32_splat(a, 8); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a, 4); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    a += lda;
    b += ldb;
  }
  // The last row first: a row that stands for one beyond the end is overwritten by the right one.
  v128.store(c5, f32x4.pmin(f32x4.pmax(u5, floor), ceiling));
  v128.store(c5, f32x4.pmin(f32x4.pmax(v5, floor), ceiling), 16);
  v128.store(c4, f32x4.pmin(f32x4.pmax(u4, floor), ceiling));
  v128.store(c4, f32x4.pmin(f32x4.pmax(v4, floor), ceiling), 16);
  v128.store(c3, f32x4.pmin(f32x4.pmax(u3, floor), ceiling));
  v128.store(c3, f32x4.pmin(f32x4.pmax(v3, floor), ceiling), 16);
  v128.store(c2, f32x4.pmin(f32x4.pmax(u2, floor), ceiling));
  v128.store(c2, f32x4.pmin(f32x4.pmax(v2, floor), ceiling), 16);
  v128.store(c1, f32x4.pmin(f32x4.pmax(u1, floor), ceiling));
  v128.store(c1, f32x4.pmin(f32x4.pmax(v1, floor), ceiling), 16);
  v128.store(c, f32x4.pmin(f32x4.pmax(u0, floor), ceiling));
  v128.store(c, f32x4.pmin(f32x4.pmax(v0, floor), ceiling), 16);
}

/**
 * The same of four rows, the tile of strips of four taps.
 */
// biome-ignore format: a row of the tile on a line
// @inline
export function tileTransposed4x8(
  a: usize, lda: usize, K: i32, b: usize, ldb: usize,
  c: usize, ldc: usize, rows: i32, start: usize, floor: v128, ceiling: v128,
): void {
  const c1 = c + <usize>min(1, rows - 1) * ldc;
  const c2 = c + <usize>min(2, rows - 1) * ldc;
  const c3 = c + <usize>min(3, rows - 1) * ldc;
  let u0 = v128.load(start !== 0 ? start : c);
  let v0 = v128.load(start !== 0 ? start : c, 16);
  let u1 = v128.load(start !== 0 ? start : c1);
  let v1 = v128.load(start !== 0 ? start : c1, 16);
  let u2 = v128.load(start !== 0 ? start : c2);
  let v2 = v128.load(start !== 0 ? start : c2, 16);
  let u3 = v128.load(start !== 0 ? start : c3);
  let v3 = v128.load(start !== 0 ? start : c3, 16);
  let low = u0;
  let high = u0;
  let s = u0;
  const end = b + <usize>K * ldb;
  while (b !== end) {
    low = v128.load(b);
    high = v128.load(b, 16);
    s = v128.load32_splat(a, 12); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    s = v128.load32_splat(a, 8); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a, 4); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    a += lda;
    b += ldb;
  }
  // The last row first: a row that stands for one beyond the end is overwritten by the right one.
  v128.store(c3, f32x4.pmin(f32x4.pmax(u3, floor), ceiling));
  v128.store(c3, f32x4.pmin(f32x4.pmax(v3, floor), ceiling), 16);
  v128.store(c2, f32x4.pmin(f32x4.pmax(u2, floor), ceiling));
  v128.store(c2, f32x4.pmin(f32x4.pmax(v2, floor), ceiling), 16);
  v128.store(c1, f32x4.pmin(f32x4.pmax(u1, floor), ceiling));
  v128.store(c1, f32x4.pmin(f32x4.pmax(v1, floor), ceiling), 16);
  v128.store(c, f32x4.pmin(f32x4.pmax(u0, floor), ceiling));
  v128.store(c, f32x4.pmin(f32x4.pmax(v0, floor), ceiling), 16);
}

/** 4 rows x 8 columns of a transposed a, all packed: a[k][4], b[k][8], c[4][8]; start as above. */
// biome-ignore format: a row of the tile on a line
export function tilePacked4x8(a: usize, K: i32, b: usize, c: usize, start: usize): void {
  let u0 = v128.load(start !== 0 ? start : c + 0);
  let v0 = v128.load(start !== 0 ? start : c + 0, 16);
  let u1 = v128.load(start !== 0 ? start : c + 32);
  let v1 = v128.load(start !== 0 ? start : c + 32, 16);
  let u2 = v128.load(start !== 0 ? start : c + 64);
  let v2 = v128.load(start !== 0 ? start : c + 64, 16);
  let u3 = v128.load(start !== 0 ? start : c + 96);
  let v3 = v128.load(start !== 0 ? start : c + 96, 16);
  let low = v128.load(b);
  let high = low;
  let s = low;
  const end = b + ((<usize>K) << 5);
  while (b !== end) {
    low = v128.load(b);
    high = v128.load(b, 16);
    s = v128.load32_splat(a, 12); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    s = v128.load32_splat(a, 8); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a, 4); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    a += 16;
    b += 32;
  }
  v128.store(c, u0, 0);
  v128.store(c, v0, 16);
  v128.store(c, u1, 32);
  v128.store(c, v1, 48);
  v128.store(c, u2, 64);
  v128.store(c, v2, 80);
  v128.store(c, u3, 96);
  v128.store(c, v3, 112);
}
