import { formatBytes, formatCount, formatFigure, formatInterval, formatShare, noFigure } from "./numbers.js";
import type { BenchResult } from "./result.js";
import { formatVerdict, labels, note, remarks } from "./rowText.js";
import { formatSeeds } from "./seedsTable.js";
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
    formatSeeds(results),
    timesToAccuracy(ran, label),
    notes(results, label).join("\n"),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

/** Seconds until the accuracy that was asked for. */
function timesToAccuracy(ran: readonly BenchResult[], label: (row: BenchResult) => string): string {
  const rows = ran.flatMap((row): string[][] => {
    const time = row.timeToAccuracy;
    return time === undefined
      ? []
      : [
          [
            ...[label(row), formatShare(time.target), time.reached ? "reached" : "not reached"],
            ...[formatFigure(time.coldSeconds), formatFigure(time.warmSeconds), formatCount(time.samplesSeen)],
          ],
        ];
  });
  const right = (heading: string): Column => ({ heading, align: "right" });
  const columns = [{ heading: "time to accuracy" }, right("target"), { heading: "" }];
  return rows.length === 0
    ? ""
    : formatTable([...columns, right("seconds, cold"), right("seconds, warm"), right("images")], rows);
}

/** Lines below a table: reasons in full, which no column is wide enough for. */
function notes(results: readonly BenchResult[], label: (row: BenchResult) => string): string[] {
  const lines = results
    .filter(({ available }) => available)
    .flatMap((row) => remarks(row).map((remark) => note(label(row), remark)));
  return [...new Set([...lines, ...spreadWarning(results, label)])];
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
