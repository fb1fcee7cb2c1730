import { type Direction, directions, gridAxes } from "../ops/gridShapes.js";
import { formatFigure } from "./numbers.js";
import type { GridCell } from "./opResult.js";

/** The cells of one direction; absent where an image takes too long. */
export interface GridRows {
  readonly direction: Direction;
  readonly sizes: readonly number[];
  readonly rows: readonly { readonly label: string; readonly cells: readonly (GridCell | undefined)[] }[];
}

/** The grid as rows of kernel, stride and channels over columns of sizes; only what was measured. */
export function gridRows(grid: readonly GridCell[]): GridRows[] {
  const { kernels, strides, channels, sizes } = gridAxes;
  const measured = new Map(grid.map((cell) => [keyOf(cell), cell]));
  const present = directions.filter((direction) => grid.some((cell) => cell.direction === direction));
  return present.map((direction) => ({
    ...{ direction, sizes },
    rows: kernels.flatMap((kernel) =>
      strides.flatMap((stride) =>
        channels
          .map((count) => ({
            label: `${kernel}x${kernel}/${stride}, ${count}`,
            cells: sizes.map((size) => measured.get(keyOf({ direction, kernel, stride, channels: count, size }))),
          }))
          .filter(({ cells }) => cells.some((cell) => cell !== undefined)),
      ),
    ),
  }));
}

function keyOf(cell: Pick<GridCell, "direction" | "kernel" | "stride" | "channels" | "size">): string {
  return [cell.direction, cell.kernel, cell.stride, cell.channels, cell.size].join();
}

/** What stands in a cell, and how far it is on the way to the peak, or to the best cell where there is none: 0 to 1. */
export function gridShare(
  { gflops }: GridCell,
  peak: number | null,
  grid: readonly GridCell[],
): { readonly text: string; readonly share: number } {
  const whole = peak ?? Math.max(...grid.map((cell) => cell.gflops));
  const text = peak === null ? formatFigure(gflops) : ((gflops / peak) * 100).toFixed(0);
  return { text, share: Math.min(1, gflops / whole) };
}
