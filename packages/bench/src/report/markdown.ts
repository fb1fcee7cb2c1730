import { type AnyReport, isTraining } from "../html/reportPage.js";
import { describeMachine } from "../machine.js";
import { formatCount, formatFigure, formatInterval, formatShare, noFigure } from "./numbers.js";
import type { BenchReport } from "./result.js";
import { formatVerdict, labels, note, remarks } from "./rowText.js";

/** A table of GitHub's Markdown. */
export function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replace(/\|/g, "\\|")).join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Reports as Markdown: a heading and a table for each machine. */
export function reportMarkdown(reports: readonly AnyReport[]): string {
  return reports
    .map((report) => {
      const heading = `## ${describeMachine(report.machine)}, ${report.date.slice(0, 10)}`;
      return `${heading}\n\n${isTraining(report) ? trainingMarkdown(report) : opsMarkdown(report)}\n`;
    })
    .join("\n");
}

/** The rows of a training report as a table, and below it what is missing. */
export function trainingMarkdown({ results, peers = [] }: BenchReport): string {
  const all = [...results, ...peers];
  const label = labels(all);
  const rows = all
    .filter(({ available }) => available)
    .map((row) => [
      ...[label(row), row.device ?? noFigure, `${row.model} on ${row.dataset}`],
      row.samplesSeen === 0 ? noFigure : formatCount(row.samplesSeen),
      ...[formatShare(row.testAccuracy), formatVerdict(row.verdict)],
      formatInterval(row.trainUsPerSample, row.rounds?.trainUsPerSample),
      formatInterval(row.evaluateUsPerSample, row.rounds?.evaluateUsPerSample),
    ]);
  const headings = ["", "device", "network", "images seen", "test accuracy", "verdict", "training, µs an image"];
  const reasons = all.flatMap((row) =>
    remarks(row).map((remark) => `- ${note(row.available ? label(row) : row.backend, remark)}`),
  );
  return [markdownTable([...headings, "evaluation, µs an image"], rows), reasons.join("\n")]
    .filter((part) => part !== "")
    .join("\n\n");
}

function opsMarkdown({ backends }: Exclude<AnyReport, BenchReport>): string {
  return backends
    .map(({ backend, ops, peakGflops }) => {
      const rows = ops.map(({ op, shapes, medianUs, gflops }) => [
        ...[op, shapes, formatFigure(medianUs), formatFigure(gflops)],
        peakGflops === null || gflops === null ? noFigure : `${((gflops / peakGflops) * 100).toFixed(0)}%`,
      ]);
      return `### ${backend}\n\n${markdownTable(["op", "shapes", "µs", "GFLOP/s", "of the peak"], rows)}`;
    })
    .join("\n\n");
}
