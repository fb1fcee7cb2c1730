/**
 * The tiles that a product may be cut into; tileEstimates.ts says which of them to try.
 *
 * | workgroup | invocation | invocations | depth | slices | reads of workgroup memory an FMA, bytes |
 * | --------- | ---------- | ----------- | ----- | ------ | --------------------------------------- |
 * | 128x128   | 8x8        | 256         | 8     | 1      | 1    |
 * | 128x64    | 8x8        | 128         | 8     | 1      | 1    |
 * | 64x64     | 8x8        | 64          | 8     | 1      | 1    |
 * | 128x32    | 8x4        | 128         | 8     | 1      | 1.5  |
 * | 64x64     | 4x4        | 256         | 16    | 1      | 2    |
 * | 32x32     | 4x4        | 64          | 16    | 1      | 2    |
 * | 32x32     | 4x4        | 256         | 32    | 4      | 2    |
 * | 16x16     | 4x4        | 256         | 64    | 16     | 2    |
 * | 8x8       | 4x4        | 128         | 128   | 32     | 2    |
 *
 * Large tiles read less: of global memory a tile of R x C reads 4 (1/R + 1/C) bytes an FMA. Small tiles make more workgroups.
 * With slices the invocations of a workgroup share the steps along k as well, which is for few results over a long k (a
 * dense layer's 64 x 64 over 1600 is 16 tiles of 16x16: without slices 256 invocations on the whole GPU).
 */

export interface Tile {
  /** Results of a workgroup. */
  readonly rows: number;
  readonly columns: number;
  /** Results of an invocation: multiples of 4. */
  readonly ownRows: number;
  readonly ownColumns: number;
  /** Steps along k between two barriers: a multiple of 4 slices. */
  readonly depth: number;
  /** Into how many parts the invocations share these steps. */
  readonly slices: number;
}

function tile(rows: number, columns: number, ownRows: number, ownColumns: number, depth: number, slices = 1): Tile {
  return { rows, columns, ownRows, ownColumns, depth, slices };
}

export const tiles: readonly Tile[] = [
  tile(128, 128, 8, 8, 8),
  tile(128, 64, 8, 8, 8),
  tile(64, 64, 8, 8, 8),
  tile(128, 32, 8, 4, 8),
  tile(64, 64, 4, 4, 16),
  tile(32, 32, 4, 4, 16),
  tile(32, 32, 4, 4, 32, 4),
  tile(16, 16, 4, 4, 64, 16),
  tile(8, 8, 4, 4, 128, 32),
];

/** Invocations of a workgroup. */
export function threadsOf({ rows, columns, ownRows, ownColumns, slices }: Tile): number {
  return (rows / ownRows) * (columns / ownColumns) * slices;
}
