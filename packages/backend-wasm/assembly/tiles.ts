/**
 * Register tiles of matrix products, the inner loops of matMul, the convolutions and their Winograd form.
 *
 * Cost: 2 * rows * 8 * K operations. Idea: 4 x 8 sums stay in 8 of the 16 vector registers, two hold a row of b and one a
 * number of a, so six loads feed 8 multiplications and additions. One k a turn: when k are unrolled the compiler puts the
 * steps of each sum one behind the other, reads ahead for them, and keeps sums on the stack.
 *
 * Measured on a Zen 4 core at 3.6 GHz, whose two ports do 56 to 58 GFLOP/s, operands in the first-level cache, GFLOP/s of one
 * thread with relaxed SIMD on Node 24 / 22, plain on Node 24 / 20:
 *
 * | tile | relaxed, 24 | relaxed, 22 | plain, 24 | plain, 20 |
 * | --- | --- | --- | --- | --- |
 * | 4 x 8, one k a turn | 54 | 53 | 40 | 38 |
 * | 4 x 8, transposed a | 54 | 54 | 46 | 44 |
 * | 4 x 8, two, four k a turn | 52, 36 | 49 | 31 | 38, 30 |
 * | 6 x 8, one k a turn | 51 | 25 | 29 | 29 |
 * | 6 x 8, four k a turn | 42 | 38 | 29 | 31 |
 * | 2 x 16, one k a turn | 54 | 52 | 40 | 41 |
 * | 6 x 8, one k a turn, transposed a | 58 | 25 | 29 | 26 |
 *
 * In other files "percent of peak" means of what `measurePeak` gives, the first line; where a header names no processor, of the 6 x 8
 * tile on Node 20 and a Sapphire Rapids core at 2.6 GHz, 31 GFLOP/s.
 */

import { madd } from "./simd";

/**
 * 4 rows x 8 columns: c[i][0..7] = max(start + sum over k < K of a[i][k] * b[k][0..7], floor).
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
  start: usize, floor: v128,
): void {
  let u0 = v128.load(start !== 0 ? start : c0);
  let v0 = v128.load(start !== 0 ? start : c0, 16);
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
    s = v128.load32_splat(a0); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    s = v128.load32_splat(a1); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a2); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a3); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    b += ldb;
    a0 += 4; a1 += 4; a2 += 4; a3 += 4;
  }
  v128.store(c0, f32x4.pmax(u0, floor));
  v128.store(c0, f32x4.pmax(v0, floor), 16);
  v128.store(c1, f32x4.pmax(u1, floor));
  v128.store(c1, f32x4.pmax(v1, floor), 16);
  v128.store(c2, f32x4.pmax(u2, floor));
  v128.store(c2, f32x4.pmax(v2, floor), 16);
  v128.store(c3, f32x4.pmax(u3, floor));
  v128.store(c3, f32x4.pmax(v3, floor), 16);
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
  start: usize, floor: v128,
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
        s = v128.load32_splat(p0); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
        s = v128.load32_splat(p1); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
        s = v128.load32_splat(p2); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
        s = v128.load32_splat(p3); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
        b += 32;
        p0 += 4; p1 += 4; p2 += 4; p3 += 4;
      }
      offset += runStep;
    }
    line += rowStep;
  }
  v128.store(c0, f32x4.pmax(u0, floor));
  v128.store(c0, f32x4.pmax(v0, floor), 16);
  v128.store(c1, f32x4.pmax(u1, floor));
  v128.store(c1, f32x4.pmax(v1, floor), 16);
  v128.store(c2, f32x4.pmax(u2, floor));
  v128.store(c2, f32x4.pmax(v2, floor), 16);
  v128.store(c3, f32x4.pmax(u3, floor));
  v128.store(c3, f32x4.pmax(v3, floor), 16);
}

/**
 * The same for a transposed a: a[i][k] stands at a + 4 i + k lda. Rows from `rows` on are computed from whatever follows and
 * not kept.
 */
// biome-ignore format: a row of the tile on a line
// @inline
export function tileTransposed4x8(
  a: usize, lda: usize, K: i32, b: usize, ldb: usize,
  c: usize, ldc: usize, rows: i32, start: usize, floor: v128,
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
    s = v128.load32_splat(a); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    s = v128.load32_splat(a, 4); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a, 8); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a, 12); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    a += lda;
    b += ldb;
  }
  // The last row first: a row that stands for one beyond the end is overwritten by the right one.
  v128.store(c3, f32x4.pmax(u3, floor));
  v128.store(c3, f32x4.pmax(v3, floor), 16);
  v128.store(c2, f32x4.pmax(u2, floor));
  v128.store(c2, f32x4.pmax(v2, floor), 16);
  v128.store(c1, f32x4.pmax(u1, floor));
  v128.store(c1, f32x4.pmax(v1, floor), 16);
  v128.store(c, f32x4.pmax(u0, floor));
  v128.store(c, f32x4.pmax(v0, floor), 16);
}
