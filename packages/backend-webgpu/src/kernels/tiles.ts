/**
 * Which tiles a product is cut into: the list of sizes there are, and which of them to try first.
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

import type { Product } from "./product.js";

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

/** Most tiles that tuning tries. */
const most = 4;

/**
 * The tiles worth trying, the one that is estimated fastest first; none of those that are estimated more than three times
 * slower.
 */
export function tilesFor(product: Product, candidates: readonly Tile[]): Tile[] {
  const estimated = candidates.map((candidate) => ({ candidate, cycles: estimatedCycles(product, candidate) }));
  estimated.sort((first, second) => first.cycles - second.cycles);
  const limit = 3 * (estimated[0]?.cycles ?? 0);
  return estimated
    .filter(({ cycles }) => cycles <= limit)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** The GPU that is estimated for: a large one of any vendor. */
const cores = 100;
const fmaPerCycle = 128;
/** What the second-level cache gives a core: 10 to 16 bytes on large GPUs. */
const bytesPerCycle = 12;
/** From the request of a block of factors to its arrival, and from one barrier to the next at least. */
const blockCycles = 700;

/**
 * An estimate, not measured on any GPU: cores work through the workgroups dealt to them, and arithmetic, the
 * second-level cache or the latency of memory sets the pace. (That patches overlap, so that the first-level cache has most of
 * a convolution's reads, is left out.)
 *
 * Four steps along k are ownRows x ownColumns x 4 FMA; they take ownRows + ownColumns reads of vectors from workgroup memory,
 * with address and bounds check 3 instructions each, and the invocation's share of the copies, 25 instructions a vector.
 * Registers limit a core to about 512 invocations of 8x8 results, 1024 of 4x4.
 */
export function estimatedCycles({ M, N, K, ranges = 1, rangeLength = K }: Product, tile: Tile): number {
  const { rows, columns, ownRows, ownColumns, depth, slices } = tile;
  const threads = threadsOf(tile);
  const workgroups = Math.ceil(M / rows) * Math.ceil(N / columns) * ranges;
  const perCore = Math.ceil(workgroups / cores);
  const occupancy = Math.floor(65_536 / (ownRows * ownColumns + 64) / threads);
  const resident = Math.min(perCore, Math.max(1, occupancy));
  const fma = ownRows * ownColumns * 4;
  const copies = ((rows + columns) * slices) / threads;
  const share = fma / (fma + 3 * (ownRows + ownColumns) + 25 * copies);
  const blocks = Math.ceil(rangeLength / depth);
  const arithmetic = (perCore * rows * columns * blocks * depth) / (Math.min(fmaPerCycle, threads * resident) * share);
  const traffic = (perCore * (rows + columns) * blocks * depth * 4) / bytesPerCycle;
  const latency = Math.ceil(perCore / resident) * (blocks + 1) * blockCycles;
  const fold = (slices - 1) * 40;
  return Math.max(arithmetic, traffic, latency) + fold;
}
