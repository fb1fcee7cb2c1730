/** Which tiles to try for a product, by a model of a GPU that nobody has measured. */

import type { MatrixProduct } from "./matrixProduct.js";
import { type Tile, threadsOf } from "./tiles.js";

/** Maximum number of tiles that tuning tries. */
const maxTiles = 4;

/**
 * The tiles worth trying, the one that is estimated fastest first; none of those that are estimated more than three times
 * slower.
 */
export function tilesFor(product: MatrixProduct, candidates: readonly Tile[]): Tile[] {
  const estimated = candidates.map((candidate) => ({ candidate, cycles: estimatedCycles(product, candidate) }));
  estimated.sort((first, second) => first.cycles - second.cycles);
  const limit = 3 * (estimated[0]?.cycles ?? 0);
  return estimated
    .filter(({ cycles }) => cycles <= limit)
    .slice(0, maxTiles)
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
function estimatedCycles({ M, N, K, ranges = 1, rangeLength = K }: MatrixProduct, tile: Tile): number {
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
