import { type AnyReport, isTraining } from "../html/reportPage.js";
import { describeMachine } from "../machine.js";
import { formatFigure } from "../report/numbers.js";
import type { BenchResult, Interval } from "../report/result.js";
import { formatTable } from "../report/table.js";

/** How much slower the second may be before it counts, where the intervals of the rounds say no more. */
const allowed = 0.1;

/** A figure in both reports. */
export interface ComparedFigure {
  readonly name: string;
  readonly what: string;
  readonly before: number;
  readonly after: number;
  /** `after` divided by `before`. */
  readonly ratio: number;
  readonly change: "slower" | "faster" | "same";
}

/** Two reports side by side. */
export interface Comparison {
  readonly figures: readonly ComparedFigure[];
  /** What keeps them from being compared: other machines or engines, figures that only the first has. */
  readonly warnings: readonly string[];
}

/**
 * Compares what is in both reports. A figure is slower or faster where it differs by more than a tenth and, if both were measured
 * in rounds, their confidence intervals have nothing in common.
 */
export function compareReports(before: AnyReport, after: AnyReport): Comparison {
  const [first, second] = [figuresOf(before), figuresOf(after)];
  const figures = [...first].flatMap(([key, one]): ComparedFigure[] => {
    const other = second.get(key);
    if (other === undefined) {
      return [];
    }
    const ratio = other.value / one.value;
    const isApart = areApart(one.interval, other.interval);
    const change = isApart && ratio > 1 + allowed ? "slower" : isApart && ratio < 1 / (1 + allowed) ? "faster" : "same";
    return [{ name: one.name, what: one.what, before: one.value, after: other.value, ratio, change }];
  });
  const [a, b] = [describeMachine(before.machine), describeMachine(after.machine)];
  const gone = [...first].flatMap(([key, { name, what }]) => (second.has(key) ? [] : [`${name}, ${what}`]));
  return {
    figures,
    warnings: [
      ...(a === b ? [] : [`measured on different machines: ${a}; ${b}`]),
      ...(gone.length === 0 ? [] : [`only in the first report: ${gone.join("; ")}`]),
    ],
  };
}

/** Whether something was compared and nothing is slower. */
export function isAsFast({ figures }: Comparison): boolean {
  return figures.length > 0 && figures.every(({ change }) => change !== "slower");
}

interface Figure {
  readonly name: string;
  readonly what: string;
  /** Less is better. */
  readonly value: number;
  readonly interval: Interval | null;
}

function figuresOf(report: AnyReport): Map<string, Figure> {
  const figures = isTraining(report)
    ? [...report.results, ...(report.peers ?? [])].filter(({ available }) => available).flatMap(trainingFigures)
    : report.backends.flatMap(({ backend, ops, grid = [] }) => [
        ...ops.map(({ op, shapes, medianUs, errorPercent }) => ({
          ...{ name: `${backend}: ${op} ${shapes}`, what: "µs", value: medianUs },
          interval: { low: medianUs * (1 - errorPercent / 100), high: medianUs * (1 + errorPercent / 100) },
        })),
        ...grid.map(({ direction, kernel, stride, channels, size, medianUs }) => ({
          name: `${backend}: ${direction} ${kernel}x${kernel}/${stride}, ${channels} channels, ${size}`,
          ...{ what: "µs", value: medianUs, interval: null },
        })),
      ]);
  return new Map(figures.map((figure) => [`${figure.name} ${figure.what}`, figure]));
}

function trainingFigures(row: BenchResult): Figure[] {
  const { backend, model, dataset, batchSize, threads, seed, rounds } = row;
  const name = `${backend}: ${model} on ${dataset}, batch ${batchSize}${threads === null ? "" : `, ${threads} threads`}, seed ${seed}`;
  const figure = (what: string, value: number | null, interval: Interval | null = null): Figure[] =>
    value === null || value === 0 ? [] : [{ name, what, value, interval }];
  return [
    ...figure("training µs/image", row.trainUsPerSample, rounds?.trainUsPerSample),
    ...figure("evaluation µs/image", row.evaluateUsPerSample, rounds?.evaluateUsPerSample),
    ...figure("peak memory bytes", row.peakMemoryBytes),
  ];
}

function areApart(one: Interval | null, other: Interval | null): boolean {
  return one === null || other === null || one.high < other.low || other.high < one.low;
}

/** The comparison as a table, and below it what is slower. */
export function formatComparison({ figures, warnings }: Comparison): string {
  const rows = figures.map(({ name, what, before, after, ratio, change }) => [
    ...[name, what, formatFigure(before), formatFigure(after), ratio.toFixed(2), change === "same" ? "" : change],
  ]);
  const columns = [
    { heading: "what", width: 60 },
    { heading: "" },
    ...["before", "after", "ratio"].map((heading) => ({ heading, align: "right" as const })),
    { heading: "" },
  ];
  const slower = figures.filter(({ change }) => change === "slower").length;
  const summary =
    figures.length === 0
      ? "The reports have no figure in common."
      : `${slower} of ${figures.length} figures are slower by more than ${allowed * 100}%.`;
  return [...warnings.map((warning) => `Beware: ${warning}`), formatTable(columns, rows), summary].join("\n\n");
}
