import { formatFigure, noFigure } from "./numbers.js";
import type { BackendOps, OpResult } from "./opResult.js";
import { type Column, formatTable, type Row } from "./table.js";

const shapesWidth = 62;

const columns: readonly Column[] = [
  { heading: "op" },
  { heading: "shapes", width: shapesWidth },
  { heading: "µs", align: "right" },
  { heading: "±%", align: "right" },
  { heading: "GFLOP/s", align: "right" },
  { heading: "GB/s", align: "right" },
];

const peakColumn: Column = { heading: "% of\npeak", align: "right" };

/** The ops of one backend as a table under its name. */
export function formatOpsTable({ backend, available, reason, device, peakGflops, ops }: BackendOps): string {
  if (!available) {
    return `${backend}: ${reason}`;
  }
  const title = `${backend}: ${device}${peakGflops === null ? "" : `, microkernel ${formatFigure(peakGflops)} GFLOP/s`}`;
  if (ops.length === 0) {
    return `${title}\nno op matches the filter`;
  }
  const rows: Row[] = ops.map((result) => [...cells(result), ...(peakGflops ? [share(result, peakGflops)] : [])]);
  return `${title}\n${formatTable(peakGflops ? [...columns, peakColumn] : columns, rows)}`;
}

function cells({ op, shapes, medianUs, errorPercent, gflops, gigabytesPerSecond }: OpResult): string[] {
  const error = errorPercent.toFixed(1);
  return [op, shapes, formatFigure(medianUs), error, formatFigure(gflops), formatFigure(gigabytesPerSecond)];
}

function share({ gflops }: OpResult, peakGflops: number): string {
  return gflops === null ? noFigure : ((gflops / peakGflops) * 100).toFixed(0);
}
