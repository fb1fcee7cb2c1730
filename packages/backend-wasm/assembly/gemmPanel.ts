/** A panel of a matrix product: any number of rows by eight columns, as register tiles (tiles.ts). */

import { tile4x8, tileTransposed4x8 } from "./tiles";

/** Rows x 8 columns of c. Full tiles of four rows, the last one with rows repeated. */
export function gemmPanel(
  a: usize,
  lda: usize,
  rows: i32,
  K: i32,
  b: usize,
  ldb: usize,
  c: usize,
  ldc: usize,
  start: usize,
  floor: v128,
): void {
  while (rows > 0) {
    const last = rows - 1;
    const a1 = last > 0 ? a + lda : a;
    const a2 = last > 1 ? a1 + lda : a1;
    const a3 = last > 2 ? a2 + lda : a2;
    const c1 = last > 0 ? c + ldc : c;
    const c2 = last > 1 ? c1 + ldc : c1;
    const c3 = last > 2 ? c2 + ldc : c2;
    tile4x8(a, a1, a2, a3, K, b, ldb, c, c1, c2, c3, start, floor);
    a = a3 + lda;
    c = c3 + ldc;
    rows -= 4;
  }
}

/** The same with a transposed: a[m][k] stands at a + 4 m + k lda. */
export function gemmPanelTransposed(
  a: usize,
  lda: usize,
  rows: i32,
  K: i32,
  b: usize,
  ldb: usize,
  c: usize,
  ldc: usize,
  start: usize,
  floor: v128,
): void {
  while (rows > 0) {
    tileTransposed4x8(a, lda, K, b, ldb, c, ldc, min(4, rows), start, floor);
    a += 16;
    c += 4 * ldc;
    rows -= 4;
  }
}
