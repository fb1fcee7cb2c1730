/**
 * Register tiles of matrix products, the inner loops of matMul, the convolutions and their Winograd form.
 *
 * Cost: 2 * rows * 8 * K operations. Idea: 6 x 8 sums stay in 12 of the 16 vector registers, two hold a row of b and one a
 * number of a, so eight loads feed 24 multiplications and additions; a is read four numbers at a time, which leaves one
 * pointer step for each row and four k.
 *
 * Measured, here and in the other files: one thread, plain SIMD, Node 20 on a Sapphire Rapids core at 2.6 GHz. The tile on
 * operands in the first-level cache reaches 31 GFLOP/s (38 with relaxed SIMD): 12 operations a cycle, all that three
 * floating-point ports of 128 bits give. "Percent of peak" means of this.
 */

import { madd } from "./simd";

/**
 * 6 rows x 8 columns: c[i][0..7] = max(start + sum over k < K of a[i][k] * b[k][0..7], floor).
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
  let u4 = v128.load(start !== 0 ? start : c4);
  let v4 = v128.load(start !== 0 ? start : c4, 16);
  let u5 = v128.load(start !== 0 ? start : c5);
  let v5 = v128.load(start !== 0 ? start : c5, 16);
  let low = v128.load(b);
  let high = low;
  let s = low;
  const end4 = b + <usize>(K >> 2) * ldb * 4;
  const end = b + <usize>K * ldb;
  while (b !== end4) {
    low = v128.load(b);
    high = v128.load(b, 16);
    b += ldb;
    s = v128.load32_splat(a0); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    s = v128.load32_splat(a1); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a2); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a3); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    s = v128.load32_splat(a4); u4 = madd(s, low, u4); v4 = madd(s, high, v4);
    s = v128.load32_splat(a5); u5 = madd(s, low, u5); v5 = madd(s, high, v5);
    low = v128.load(b);
    high = v128.load(b, 16);
    b += ldb;
    s = v128.load32_splat(a0, 4); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    s = v128.load32_splat(a1, 4); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a2, 4); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a3, 4); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    s = v128.load32_splat(a4, 4); u4 = madd(s, low, u4); v4 = madd(s, high, v4);
    s = v128.load32_splat(a5, 4); u5 = madd(s, low, u5); v5 = madd(s, high, v5);
    low = v128.load(b);
    high = v128.load(b, 16);
    b += ldb;
    s = v128.load32_splat(a0, 8); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    s = v128.load32_splat(a1, 8); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a2, 8); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a3, 8); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    s = v128.load32_splat(a4, 8); u4 = madd(s, low, u4); v4 = madd(s, high, v4);
    s = v128.load32_splat(a5, 8); u5 = madd(s, low, u5); v5 = madd(s, high, v5);
    low = v128.load(b);
    high = v128.load(b, 16);
    b += ldb;
    s = v128.load32_splat(a0, 12); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    s = v128.load32_splat(a1, 12); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a2, 12); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a3, 12); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    s = v128.load32_splat(a4, 12); u4 = madd(s, low, u4); v4 = madd(s, high, v4);
    s = v128.load32_splat(a5, 12); u5 = madd(s, low, u5); v5 = madd(s, high, v5);
    a0 += 16; a1 += 16; a2 += 16; a3 += 16; a4 += 16; a5 += 16;
  }
  while (b !== end) {
    low = v128.load(b);
    high = v128.load(b, 16);
    b += ldb;
    s = v128.load32_splat(a0); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    s = v128.load32_splat(a1); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a2); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a3); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    s = v128.load32_splat(a4); u4 = madd(s, low, u4); v4 = madd(s, high, v4);
    s = v128.load32_splat(a5); u5 = madd(s, low, u5); v5 = madd(s, high, v5);
    a0 += 4; a1 += 4; a2 += 4; a3 += 4; a4 += 4; a5 += 4;
  }
  v128.store(c0, f32x4.pmax(u0, floor));
  v128.store(c0, f32x4.pmax(v0, floor), 16);
  v128.store(c1, f32x4.pmax(u1, floor));
  v128.store(c1, f32x4.pmax(v1, floor), 16);
  v128.store(c2, f32x4.pmax(u2, floor));
  v128.store(c2, f32x4.pmax(v2, floor), 16);
  v128.store(c3, f32x4.pmax(u3, floor));
  v128.store(c3, f32x4.pmax(v3, floor), 16);
  v128.store(c4, f32x4.pmax(u4, floor));
  v128.store(c4, f32x4.pmax(v4, floor), 16);
  v128.store(c5, f32x4.pmax(u5, floor));
  v128.store(c5, f32x4.pmax(v5, floor), 16);
}

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
  let low = v128.load(b);
  let high = low;
  let s = low;
  const end4 = b + <usize>(K >> 2) * ldb * 4;
  const end = b + <usize>K * ldb;
  while (b !== end4) {
    low = v128.load(b);
    high = v128.load(b, 16);
    b += ldb;
    s = v128.load32_splat(a0); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    s = v128.load32_splat(a1); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a2); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a3); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    low = v128.load(b);
    high = v128.load(b, 16);
    b += ldb;
    s = v128.load32_splat(a0, 4); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    s = v128.load32_splat(a1, 4); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a2, 4); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a3, 4); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    low = v128.load(b);
    high = v128.load(b, 16);
    b += ldb;
    s = v128.load32_splat(a0, 8); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    s = v128.load32_splat(a1, 8); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a2, 8); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a3, 8); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    low = v128.load(b);
    high = v128.load(b, 16);
    b += ldb;
    s = v128.load32_splat(a0, 12); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    s = v128.load32_splat(a1, 12); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a2, 12); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a3, 12); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    a0 += 16; a1 += 16; a2 += 16; a3 += 16;
  }
  while (b !== end) {
    low = v128.load(b);
    high = v128.load(b, 16);
    b += ldb;
    s = v128.load32_splat(a0); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    s = v128.load32_splat(a1); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a2); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a3); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
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
 * The same for a transposed a: a[i][k] stands at a + 4 i + k lda. Rows from `rows` on are computed from whatever follows and
 * not kept.
 */
// biome-ignore format: a row of the tile on a line
// @inline
export function tileTransposed6x8(
  a: usize, lda: usize, K: i32, b: usize, ldb: usize,
  c: usize, ldc: usize, rows: i32, start: usize, floor: v128,
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
  while (b !== end) {
    low = v128.load(b);
    high = v128.load(b, 16);
    s = v128.load32_splat(a); u0 = madd(s, low, u0); v0 = madd(s, high, v0);
    s = v128.load32_splat(a, 4); u1 = madd(s, low, u1); v1 = madd(s, high, v1);
    s = v128.load32_splat(a, 8); u2 = madd(s, low, u2); v2 = madd(s, high, v2);
    s = v128.load32_splat(a, 12); u3 = madd(s, low, u3); v3 = madd(s, high, v3);
    s = v128.load32_splat(a, 16); u4 = madd(s, low, u4); v4 = madd(s, high, v4);
    s = v128.load32_splat(a, 20); u5 = madd(s, low, u5); v5 = madd(s, high, v5);
    a += lda;
    b += ldb;
  }
  // The last row first: a row that stands for one beyond the end is overwritten by the right one.
  v128.store(c5, f32x4.pmax(u5, floor));
  v128.store(c5, f32x4.pmax(v5, floor), 16);
  v128.store(c4, f32x4.pmax(u4, floor));
  v128.store(c4, f32x4.pmax(v4, floor), 16);
  v128.store(c3, f32x4.pmax(u3, floor));
  v128.store(c3, f32x4.pmax(v3, floor), 16);
  v128.store(c2, f32x4.pmax(u2, floor));
  v128.store(c2, f32x4.pmax(v2, floor), 16);
  v128.store(c1, f32x4.pmax(u1, floor));
  v128.store(c1, f32x4.pmax(v1, floor), 16);
  v128.store(c, f32x4.pmax(u0, floor));
  v128.store(c, f32x4.pmax(v0, floor), 16);
}
