import { gridRows, gridShare } from "../report/gridRows.js";
import type { BackendOps, GridCell } from "../report/opResult.js";
import { escaped } from "./markup.js";

/** Dark to light, as viridis: light says more, in print and to colour-blind eyes as well. */
const scale = ["#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725"] as const;
/** From here on the text is dark. */
const firstLight = 4;

/** The convolutions of one direction after the other: a number and a colour for each. */
export function heatMaps({ backend, peakGflops, grid = [] }: BackendOps): string {
  return gridRows(grid)
    .map(({ direction, sizes, rows }) => {
      const caption = `${backend}: ${direction}, ${peakGflops === null ? "GFLOP/s" : "percent of the peak"}, by size of the images`;
      const head = ["kernel/stride, channels", ...sizes.map(String)]
        .map((text) => `<th scope="col">${text}</th>`)
        .join("");
      const body = rows.map(({ label, cells }) => {
        const filled = cells.map((cell) => cellOf(cell, peakGflops, grid)).join("");
        return `<tr><th scope="row">${escaped(label)}</th>${filled}</tr>`;
      });
      return (
        `<div class="scroll" role="region" aria-label="${escaped(caption)}" tabindex="0"><table class="heat"><caption>${escaped(caption)}</caption>` +
        `<thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table></div>`
      );
    })
    .join("\n");
}

function cellOf(cell: GridCell | undefined, peak: number | null, grid: readonly GridCell[]): string {
  if (cell === undefined) {
    return "<td></td>";
  }
  const { text, share } = gridShare(cell, peak, grid);
  const level = Math.min(scale.length - 1, Math.floor(share * (scale.length - 2)));
  const colours = `background:${scale[level]};color:${level < firstLight ? "#ffffff" : "#000000"}`;
  return `<td style="${colours}">${text}</td>`;
}
