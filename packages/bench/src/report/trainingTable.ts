import { formatBytes, formatCount, formatFigure, formatInterval, formatShare, noFigure } from "./numbers.js";
import type { BenchResult, Verdict } from "./result.js";
import { spreadWarning } from "./spread.js";
import { type Column, formatTable } from "./table.js";

const deviceWidth = 30;

const figureColumns: readonly Column[] = [
  { heading: "backend" },
  { heading: "device", width: deviceWidth },
  { heading: "images\nseen", align: "right" },
  { heading: "test\naccuracy", align: "right" },
  { heading: "verdict" },
  { heading: "training\nµs/image", align: "right" },
  { heading: "evaluation\nµs/image", align: "right" },
  { heading: "step ms\np50 / p95", align: "right" },
  { heading: "peak\nmemory", align: "right" },
];

const timeColumns: readonly Column[] = [
  { heading: "ms" },
  { heading: "compile", align: "right" },
  { heading: "data", align: "right" },
  { heading: "first step", align: "right" },
  { heading: "read back", align: "right" },
];

/** The rows that ran as tables; below them, a line each, what is missing in them, wrong or not sure. */
export function formatTrainingTable(results: readonly BenchResult[]): string {
  const ran = results.filter(({ available }) => available);
  const label = labels(results);
  const timed = ran.filter(({ compileMs }) => compileMs !== null);
  const time = timed.map((row) => [
    label(row),
    ...[row.compileMs, row.dataMs, row.firstStepMs, row.readbackMs].map(formatFigure),
  ]);
  const sections = [
    ran.length > 0
      ? formatTable(
          figureColumns,
          ran.map((row) => figures(row, label(row))),
        )
      : "",
    timed.length > 0 ? formatTable(timeColumns, time) : "",
    notes(results, label).join("\n"),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

/** What a row is called: with what is varied in the report. */
export function labels(results: readonly BenchResult[]): (row: BenchResult) => string {
  const varies = (key: "batchSize" | "threads" | "seed"): boolean =>
    new Set(results.filter(({ available }) => available).map((row) => row[key])).size > 1;
  const [batch, threads, seed] = [varies("batchSize"), varies("threads"), varies("seed")];
  return (row) =>
    [
      row.backend,
      ...(batch ? [`batch ${row.batchSize}`] : []),
      ...(threads && row.threads !== null ? [`${row.threads} threads`] : []),
      ...(seed ? [`seed ${row.seed}`] : []),
    ].join(", ");
}

/** Lines below a table: reasons in full, which no column is wide enough for. */
function notes(results: readonly BenchResult[], label: (row: BenchResult) => string): string[] {
  const lines = results
    .filter(({ available }) => available)
    .flatMap((row) =>
      [row.reason, row.verdict?.reason].flatMap((reason) => (reason === undefined ? [] : [note(label(row), reason)])),
    );
  return [...new Set([...lines, ...spreadWarning(results, label)])];
}

/** "cuda: no NVIDIA driver": in one line, and the name once where a reason begins with it. */
export function note(name: string, reason: string): string {
  const line = reason.replace(/\s*\n\s*/g, " ");
  return line.startsWith(`${name}: `) ? line : `${name}: ${line}`;
}

function figures(row: BenchResult, label: string): string[] {
  const { stepMs, rounds } = row;
  return [
    label,
    row.device ?? noFigure,
    row.samplesSeen === 0 ? noFigure : formatCount(row.samplesSeen),
    formatShare(row.testAccuracy),
    formatVerdict(row.verdict),
    formatInterval(row.trainUsPerSample, rounds?.trainUsPerSample),
    formatInterval(row.evaluateUsPerSample, rounds?.evaluateUsPerSample),
    stepMs.p50 === null ? noFigure : `${formatFigure(stepMs.p50)} / ${formatFigure(stepMs.p95)}`,
    formatBytes(row.peakMemoryBytes),
  ];
}

/** "ok", "losses ok" where no accuracy is stated, "WRONG". */
export function formatVerdict(verdict: Verdict | null): string {
  if (verdict === null) {
    return noFigure;
  }
  const { lossesAgree, accuracyReached } = verdict;
  if (verdict.reason !== undefined) {
    return "WRONG";
  }
  const checked = [...(lossesAgree === null ? [] : ["losses"]), ...(accuracyReached === null ? [] : ["accuracy"])];
  return checked.length === 2 ? "ok" : checked.length === 0 ? noFigure : `${checked[0]} ok`;
}
