import { formatBytes, formatCount, formatFigure, formatInterval, formatShare, noFigure } from "../report/numbers.js";
import type { BenchReport, BenchResult } from "../report/result.js";
import { formatVerdict, labels, note, remarks } from "../report/rowText.js";
import { barChart, lineChart } from "./charts.js";
import { type Cell, section, table } from "./markup.js";

/** A row with what it is called in the whole document. */
interface Named {
  readonly row: BenchResult;
  readonly name: string;
}

/** Everything that training reports say, as parts of a page; machines side by side. */
export function trainingSections(reports: readonly BenchReport[]): string {
  if (reports.length === 0) {
    return "";
  }
  const all = reports.flatMap(({ results, peers = [] }) => [...results, ...peers]);
  const label = labels(all);
  const named = reports.flatMap((report, index) =>
    [...report.results, ...(report.peers ?? [])].map(
      (row): Named => ({
        row,
        name: reports.length > 1 ? `${label(row)}, machine ${index + 1}` : label(row),
      }),
    ),
  );
  const ran = named.filter(({ row }) => row.available);
  return [
    section("Results", resultTable(ran), timeTable(ran), notes(named)),
    section("Speed", `<div class="charts">${speed(ran)}</div>`),
    section("First losses", lossCharts(ran)),
    section("Accuracy over time", accuracyChart(ran)),
    section("Scaling", scaling(ran)),
    section("Memory", memory(ran)),
  ].join("\n");
}

function resultTable(ran: readonly Named[]): string {
  const headings = [
    "backend",
    "device",
    "network",
    "data",
    "images seen",
    "test accuracy",
    "verdict",
    "training µs/image",
  ];
  const rows = ran.map(({ row, name }): Cell[] => [
    ...[name, row.device ?? noFigure, row.model, row.dataset],
    { number: row.samplesSeen === 0 ? noFigure : formatCount(row.samplesSeen) },
    { number: formatShare(row.testAccuracy) },
    formatVerdict(row.verdict),
    { number: formatInterval(row.trainUsPerSample, row.rounds?.trainUsPerSample) },
    { number: formatInterval(row.evaluateUsPerSample, row.rounds?.evaluateUsPerSample) },
    { number: formatBytes(row.peakMemoryBytes) },
  ]);
  return table("What was measured", [...headings, "evaluation µs/image", "peak memory"], rows);
}

function timeTable(ran: readonly Named[]): string {
  const headings = ["backend", "compile", "data", "first step", "step, median", "step, 95th percentile", "read back"];
  const rows = ran.map(({ row, name }): Cell[] => [
    name,
    ...[row.compileMs, row.dataMs, row.firstStepMs, row.stepMs.p50, row.stepMs.p95, row.readbackMs].map((value) => ({
      number: formatFigure(value),
    })),
  ]);
  return table("Where the time goes, in milliseconds", headings, rows);
}

function notes(named: readonly Named[]): string {
  const lines = named.flatMap(({ row, name }) =>
    remarks(row).map((remark) => [name, note(name, remark).slice(name.length + 2)]),
  );
  return lines.length === 0 ? "" : table("What is missing or wrong", ["backend", "why"], lines, "prose");
}

/** Images a second: more is better, as people expect of bars. */
function speed(ran: readonly Named[]): string {
  const bars = (key: "trainUsPerSample" | "evaluateUsPerSample") =>
    ran.flatMap(({ row, name }, series) => {
      const us = row[key];
      const interval = row.rounds?.[key];
      return us === null
        ? []
        : [
            {
              name,
              value: 1e6 / us,
              series,
              interval: interval ? { low: 1e6 / interval.high, high: 1e6 / interval.low } : null,
            },
          ];
    });
  return [
    barChart("Training, images a second", bars("trainUsPerSample")),
    barChart("Evaluation, images a second", bars("evaluateUsPerSample")),
  ].join("");
}

/** One chart for each network, data, batch size and seed: only their losses can be compared. */
function lossCharts(ran: readonly Named[]): string {
  const groups = new Map<string, Named[]>();
  for (const each of ran) {
    groups.set(groupOf(each), [...(groups.get(groupOf(each)) ?? []), each]);
  }
  const charts = [...groups].flatMap(([group, rows]) => {
    const curves = rows
      .filter(({ row }) => row.losses.length > 1)
      .map(({ row, name }) => ({ name, points: row.losses.map((loss, step) => [step + 1, loss] as const) }));
    return curves.length === 0
      ? []
      : [lineChart(`Loss of the first steps of ${group}`, curves, { x: "step", y: "cross-entropy" })];
  });
  return charts.length === 0 ? "" : `<div class="charts">${charts.join("")}</div>${lossTable(ran)}`;
}

function groupOf({ row }: Named): string {
  return `${row.model} on ${row.dataset}, batch ${row.batchSize}, seed ${row.seed}`;
}

function lossTable(ran: readonly Named[]): string {
  const rows = ran.filter(({ row }) => row.losses.length > 0);
  const steps = Math.max(...rows.map(({ row }) => row.losses.length));
  const headings = ["backend", ...Array.from({ length: steps }, (_, step) => `step ${step + 1}`)];
  const body = rows.map(({ row, name }): Cell[] => [
    name,
    ...Array.from({ length: steps }, (_, step) => ({ number: row.losses[step]?.toFixed(5) ?? "" })),
  ]);
  return `<details><summary>Losses step by step</summary>${table("Losses step by step", headings, body)}</details>`;
}

function accuracyChart(ran: readonly Named[]): string {
  const curves = ran.flatMap(({ row, name }) =>
    row.timeToAccuracy === undefined
      ? []
      : [{ name, points: row.timeToAccuracy.curve.map(({ seconds, accuracy }) => [seconds, accuracy * 100] as const) }],
  );
  if (curves.length === 0) {
    return "";
  }
  const rows = ran.flatMap(({ row, name }): Cell[][] => {
    const time = row.timeToAccuracy;
    return time === undefined
      ? []
      : [
          [
            name,
            { number: formatShare(time.target) },
            time.reached ? "reached" : "not reached",
            ...[time.coldSeconds, time.warmSeconds].map((seconds) => ({ number: formatFigure(seconds) })),
            { number: formatCount(time.samplesSeen) },
          ],
        ];
  });
  const headings = ["backend", "target", "outcome", "seconds, cold", "seconds, warm", "images"];
  const chart = lineChart("Accuracy on the test images", curves, { x: "seconds of training", y: "percent" });
  return `<div class="charts">${chart}</div>${table("Time to accuracy", headings, rows)}`;
}

function scaling(ran: readonly Named[]): string {
  const charts = (["batchSize", "threads"] as const).map((key) => {
    const groups = new Map<string, (readonly [number, number])[]>();
    for (const { row } of ran) {
      const [x, us] = [row[key], row.trainUsPerSample];
      if (x !== null && us !== null) {
        groups.set(row.backend, [...(groups.get(row.backend) ?? []), [x, 1e6 / us]]);
      }
    }
    const curves = [...groups]
      .filter(([, points]) => new Set(points.map(([x]) => x)).size > 1)
      .map(([name, points]) => ({ name, points: points.sort(([a], [b]) => a - b) }));
    const what = key === "batchSize" ? "batch size" : "threads";
    return lineChart(`Training by ${what}`, curves, { x: what, y: "images a second", fromZero: true });
  });
  const drawn = charts.filter((chart) => chart !== "");
  return drawn.length === 0 ? "" : `<div class="charts">${drawn.join("")}</div>`;
}

function memory(ran: readonly Named[]): string {
  const bars = ran.flatMap(({ row, name }, series) =>
    row.peakMemoryBytes === null ? [] : [{ name, value: row.peakMemoryBytes / 1e6, series }],
  );
  return bars.length === 0 ? "" : `<div class="charts">${barChart("Peak memory, MB", bars)}</div>`;
}
