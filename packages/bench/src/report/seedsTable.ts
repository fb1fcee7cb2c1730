import { formatCount, formatFigure, noFigure } from "./numbers.js";
import type { BenchResult } from "./result.js";
import { formatTable } from "./table.js";

/** Mean and standard deviation of a sample; null for an empty list. */
export function meanAndSpread(numbers: readonly number[]): { readonly mean: number; readonly spread: number } | null {
  if (numbers.length === 0) {
    return null;
  }
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, spread: numbers.length === 1 ? 0 : Math.sqrt(squares / (numbers.length - 1)) };
}

/** Means over seeds with their standard deviations; nothing where no row has several seeds. */
export function formatSeeds(results: readonly BenchResult[]): string {
  const groups = new Map<string, BenchResult[]>();
  for (const row of results.filter(({ available }) => available)) {
    const threads = row.threads === null ? "" : `, ${row.threads} threads`;
    const name = `${row.backend}, batch ${row.batchSize}${threads}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  const rows = [...groups].filter(([, of]) => of.length > 1);
  if (rows.length === 0) {
    return "";
  }
  const figure = (of: readonly BenchResult[], key: "testAccuracy" | "trainUsPerSample", scale: number): string => {
    const found = meanAndSpread(of.flatMap((row) => (row[key] === null ? [] : [row[key] * scale])));
    return found === null ? noFigure : `${formatFigure(found.mean)} ± ${formatFigure(found.spread)}`;
  };
  return formatTable(
    [
      { heading: "over seeds" },
      { heading: "seeds", align: "right" },
      { heading: "test accuracy %", align: "right" },
      { heading: "training µs/image", align: "right" },
    ],
    rows.map(([name, of]) => [
      name,
      formatCount(of.length),
      figure(of, "testAccuracy", 100),
      figure(of, "trainUsPerSample", 1),
    ]),
  );
}
