import { type Direction, directions, gridAxes } from "../ops/gridShapes.js";
import { formatFigure } from "./numbers.js";
import type { BackendOps, GridCell } from "./opResult.js";
import { formatTable } from "./table.js";

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

/** Colours of terminals from dark to light, as viridis. */
const scale = [53, 60, 24, 30, 35, 77, 148, 226] as const;
const firstLight = 4;

/** The grid of one backend in plain text, with colours behind the numbers where the terminal has them. */
export function formatGrid({ backend, device, peakGflops, grid = [] }: BackendOps, colours: boolean): string {
  const unit = peakGflops === null ? "GFLOP/s" : `percent of the peak of ${formatFigure(peakGflops)} GFLOP/s`;
  const parts = gridRows(grid).map(({ direction, sizes, rows }) => {
    const columns = [
      { heading: "kernel/stride, channels" },
      ...sizes.map((size) => ({ heading: `${size}`.padStart(cellWidth), align: "right" as const })),
    ];
    const cells = rows.map(({ label, cells: row }) => [
      label,
      ...row.map((cell) => {
        if (cell === undefined) {
          return "".padStart(cellWidth);
        }
        const { text, share } = gridShare(cell, peakGflops, grid);
        return colours ? painted(text.padStart(cellWidth), share) : text.padStart(cellWidth);
      }),
    ]);
    return `${direction}\n${formatTable(columns, cells)}`;
  });
  return [`${backend}: ${device}, ${unit}, by size of the images`, ...parts].join("\n\n");
}

const cellWidth = 5;

function painted(text: string, share: number): string {
  const level = Math.min(scale.length - 1, Math.floor(share * (scale.length - 2)));
  return `\x1b[48;5;${scale[level]};38;5;${level < firstLight ? 231 : 16}m${text}\x1b[0m`;
}
