/**
 * Winograd's tiles of 3 x 3 convolutions and of their gradients: how an image is cut into them, and what they cost beside other
 * kernels. Costs are in multiply-adds of the register tile at its peak (27 a nanosecond and core on Zen 4 with Node 24).
 *
 * The figures were fitted to measurements of one thread; from 16 to 256 channels, images of 4 to 32 and batches of 1 to 64 what
 * they say of a gradient is within a fifth of what it takes. They choose wrong where the two are as close as that: by 10% at
 * 9 x 9 x 32 behind relu with batches of 8. How full a gradient behind relu is they cannot know, and take half.
 */

import type { Convolution } from "./paddedBand.js";

/** Consecutive tiles of one size along an axis. */
export interface Span {
  readonly first: number;
  readonly count: number;
  /** Inputs of a tile: two more than its outputs. */
  readonly size: 4 | 6;
}

/** The spans whose tiles are of one size along each axis. */
export interface TileKind {
  readonly vertical: Span;
  readonly horizontal: Span;
}

/** A way to cut images into tiles, and what it costs. */
export interface Tiling {
  readonly kinds: readonly TileKind[];
  readonly cost: number;
}

/** With fewer channels to sum up over, what the transforms round is more than what the sums may. */
export const minChannels = 12;

/** Share of the peak that the products of tiles reach. */
const productShare = 0.92;
/** For a number of a tile before or after its products, transformed. */
const transformCost = 14;
/** For a number of a kernel, transformed to or from one matrix. */
const filterCost = 18;
/** Share of the peak that the direct form reaches. */
const directShare = 0.9;
/** Share of the peak that lists of gradients reach, which load a vector for each operation. */
const listShare = 0.6;
/** For a number of the gradient, looked at for lists. */
const listCost = 10;

/** An axis as tiles of four outputs and, where one or two are left over and `mixed`, a tile of two. */
function spansOf(outputs: number, mixed: boolean): Span[] {
  const left = outputs % 4;
  const pair = mixed && (left === 1 || left === 2);
  const fours = pair ? Math.floor(outputs / 4) : Math.ceil(outputs / 4);
  return [
    { first: 0, count: fours, size: 6 } as const,
    { first: fours * 4, count: pair ? 1 : 0, size: 4 } as const,
  ].filter(({ count }) => count > 0);
}

function tilingOf(
  N: number,
  channels: number,
  filters: number,
  rows: readonly Span[],
  columns: readonly Span[],
): Tiling {
  const kinds = rows.flatMap((vertical) => columns.map((horizontal) => ({ vertical, horizontal })));
  const products = channels * filters;
  const cost = kinds.reduce((sum, { vertical, horizontal }) => {
    const tile = products / productShare + transformCost * (channels + filters);
    return (
      sum + vertical.size * horizontal.size * (N * vertical.count * horizontal.count * tile + filterCost * products)
    );
  }, 0);
  return { kinds, cost };
}

/** The cheapest tiles for rows x columns outputs of N samples. */
export function cheapestTiling(N: number, rows: number, columns: number, channels: number, filters: number): Tiling {
  const choices = [false, true].flatMap((mixedRows) =>
    [false, true].map((mixedColumns) =>
      tilingOf(N, channels, filters, spansOf(rows, mixedRows), spansOf(columns, mixedColumns)),
    ),
  );
  return choices.reduce((best, choice) => (choice.cost < best.cost ? choice : best));
}

/** Whether a kernel of 3 x 3 taps goes over the input without strides or gaps. */
export function isPlain3x3({ KH, KW, strideH, strideW, dilationH, dilationW }: Convolution): boolean {
  return KH === 3 && KW === 3 && strideH === 1 && strideW === 1 && dilationH === 1 && dilationW === 1;
}

/** Of so many outputs of each sample, all products made one by one in register tiles of four or six. */
export function directCost({ N, C, F }: Convolution, outputs: number): number {
  return (N * Math.max(4, outputs + (outputs % 2)) * 9 * C * F) / directShare;
}

/** Of one gradient of a 3 x 3 convolution through lists, where this share of the output's gradient is not 0. */
export function listsCost({ N, OH, OW, C, F }: Convolution, density: number): number {
  return N * OH * OW * F * ((density * 9 * C) / listShare + listCost);
}
