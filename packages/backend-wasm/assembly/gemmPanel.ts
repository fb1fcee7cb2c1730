/** A panel of a matrix product: any number of rows by eight columns, as register tiles (tiles.ts). */

import { takesSix, tile4x8, tile6x8, tileTransposed6x8 } from "./tiles";

/** Rows x 8 columns of c, none below `floor`. */
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
  gemmPanelBetween(a, lda, rows, K, b, ldb, c, ldc, start, floor, f32x4.splat(Infinity));
}

/** The same, none above `ceiling` either: as tiles of 6 or 4 rows; the last with rows repeated. */
export function gemmPanelBetween(
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
  ceiling: v128,
): void {
  while (rows > 0) {
    const last = rows - 1;
    if (takesSix(rows)) {
      const a1 = a + lda;
      const a2 = a1 + lda;
      const a3 = a2 + lda;
      const a4 = a3 + lda;
      const a5 = rows === 5 ? a4 : a4 + lda;
      const c1 = c + ldc;
      const c2 = c1 + ldc;
      const c3 = c2 + ldc;
      const c4 = c3 + ldc;
      const c5 = rows === 5 ? c4 : c4 + ldc;
      tile6x8(a, a1, a2, a3, a4, a5, K, b, ldb, c, c1, c2, c3, c4, c5, start, floor, ceiling);
      a = a5 + lda;
      c = c5 + ldc;
      rows -= 6;
    } else {
      const a1 = a + <usize>min(1, last) * lda;
      const a2 = a + <usize>min(2, last) * lda;
      const a3 = a + <usize>min(3, last) * lda;
      const c1 = c + <usize>min(1, last) * ldc;
      const c2 = c + <usize>min(2, last) * ldc;
      const c3 = c + <usize>min(3, last) * ldc;
      tile4x8(a, a1, a2, a3, K, b, ldb, c, c1, c2, c3, start, floor, ceiling);
      a = a3 + lda;
      c = c3 + ldc;
      rows -= 4;
    }
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
  ceiling: v128,
): void {
  while (rows > 0) {
    tileTransposed6x8(a, lda, K, b, ldb, c, ldc, min(6, rows), start, floor, ceiling);
    a += 24;
    c += 6 * ldc;
    rows -= 6;
  }
}
