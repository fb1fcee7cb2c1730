import { gridRows, gridShare } from "./gridRows.js";
import { formatFigure } from "./numbers.js";
import type { BackendOps } from "./opResult.js";
import { formatTable } from "./table.js";

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
