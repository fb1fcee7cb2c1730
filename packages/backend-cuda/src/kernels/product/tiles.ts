import type { Target } from "../opKernel.js";

/** Which tile of kernels/tiles.h a matrix product gets: the largest with which it still fills the device. */
export type TileName = "Small" | "Tall" | "Large";

/** Rows and columns. */
export const tileSizes: { readonly [T in TileName]: readonly [rows: number, columns: number] } = {
  Small: [32, 32],
  Tall: [128, 32],
  Large: [128, 64],
};

/** Tiles down and across an output of rows x columns. */
export function tileGrid(tile: TileName, rows: number, columns: number): [down: number, across: number] {
  const [height, width] = tileSizes[tile];
  return [Math.ceil(rows / height), Math.ceil(columns / width)];
}

/** The tile for rows x columns outputs on a device with so many multiprocessors. */
export function tileFor(rows: number, columns: number, multiprocessors: number): TileName {
  const tile = columns <= tileSizes.Tall[1] ? "Tall" : "Large";
  const [down, across] = tileGrid(tile, rows, columns);
  return down * across >= multiprocessors ? tile : "Small";
}

/** `Fp32` or `Tf32`, as kernels' names end. */
export function suffixOf({ precision }: Target): string {
  return precision === "tf32" ? "Tf32" : "Fp32";
}
