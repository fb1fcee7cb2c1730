import { formatFigure } from "../report/numbers.js";
import type { OpsReport } from "../report/opResult.js";
import type { BenchReport } from "../report/result.js";
import { heatMaps } from "./heatMap.js";
import { escaped, section, table } from "./markup.js";
import { reportStyle } from "./style.js";
import { trainingSections } from "./trainingSections.js";

/** What `--json` has written. */
export type AnyReport = BenchReport | OpsReport;

/** Whether a report is of training. */
export function isTraining(report: AnyReport): report is BenchReport {
  return "results" in report;
}

/** Reports as the content of a page: what `bench report` writes and the page of `bench serve` shows. */
export function reportBody(reports: readonly AnyReport[], title = "Benchmark"): string {
  const training = reports.filter(isTraining);
  const ops = reports.filter((report): report is OpsReport => !isTraining(report));
  return [
    `<h1>${escaped(title)}</h1>`,
    machines([...training, ...ops]),
    trainingSections(training),
    ...ops.flatMap(({ backends }) => backends.map((each) => opsSection(each))),
  ].join("\n");
}

/** Reports as one self-contained HTML document. */
export function reportPage(reports: readonly AnyReport[], title = "Benchmark"): string {
  return (
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<title>${escaped(title)}</title><link rel="icon" href="data:,">\n` +
    `<style>html { background: var(--page); } body { margin: 0; }${reportStyle}</style></head>\n` +
    `<body><main class="report">${reportBody(reports, title)}</main></body></html>\n`
  );
}

function machines(reports: readonly AnyReport[]): string {
  const rows = reports.map(({ machine, date }, index) => [
    ...[`machine ${index + 1}`, machine.cpu, `${machine.cores}`, `${formatFigure(machine.memoryBytes / 2 ** 30)} GiB`],
    ...[machine.platform, machine.runtime, date.slice(0, 16).replace("T", " ")],
  ]);
  return section(
    "Machines",
    table("What it was measured on", ["machine", "processor", "cores", "memory", "platform", "engine", "date"], rows),
  );
}

function opsSection(backend: OpsReport["backends"][number]): string {
  const { available, reason = "", device, ops, peakGflops } = backend;
  if (!available) {
    return section(`Ops of ${backend.backend}`, `<p>${escaped(reason)}</p>`);
  }
  const rows = ops.map((op) => [
    ...[op.op, op.shapes],
    ...[op.medianUs, op.gflops, op.gigabytesPerSecond].map((value) => ({ number: formatFigure(value) })),
    { number: peakGflops === null || op.gflops === null ? "" : `${((op.gflops / peakGflops) * 100).toFixed(0)}%` },
  ]);
  const caption = `On ${device}${peakGflops === null ? "" : `, peak ${formatFigure(peakGflops)} GFLOP/s`}`;
  return section(
    `Ops of ${backend.backend}`,
    rows.length === 0 ? "" : table(caption, ["op", "shapes", "µs", "GFLOP/s", "GB/s", "of the peak"], rows),
    heatMaps(backend),
  );
}
