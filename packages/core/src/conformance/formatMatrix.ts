import { kernelNames } from "../ops/index.js";
import { fusedNames } from "../plan/index.js";
import { type Level, levels } from "./conformanceCase.js";
import type { ConformanceReport, ConformanceResult } from "./runConformance.js";

/**
 * The report as a matrix of ops by levels: how many cases passed of how many, with a cross where one did not, and behind
 * it every failure and every skip with its reason.
 */
export function formatMatrix(report: ConformanceReport): string {
  const { backend, device, results, passed } = report;
  const shown = levels.filter((level) => results.some((result) => result.case.level === level));
  const body = rowsOf(report).map((op) => [rowName(op, report), ...shown.map((level) => cell(results, op, level))]);
  const seconds = results.reduce((sum, { timeMs }) => sum + timeMs, 0) / 1000;
  const summary = `${backend} on ${device}: ${passed ? "passed" : "FAILED"}, ${results.length} cases in ${seconds.toFixed(1)} s`;
  return [summary, "", ...columns([["op", ...shown], ...body]), ...notes(results)].join("\n");
}

/** What the contract promises first, then the ops in their order, then the backend's fused ops, then the rest. */
function rowsOf({ results, fusions }: ConformanceReport): string[] {
  const found = new Set(results.map((result) => result.case.op));
  const ops: readonly string[] = [...kernelNames, ...fusions];
  const smoke = results.filter((result) => result.case.level === "smoke").map((result) => result.case.op);
  const order = [...smoke, ...(results.some((result) => result.case.level === "ops") ? ops : []), ...found];
  return [...new Set(order)];
}

/** The chains of a fused op are tried on every backend; where it has no such op they run as what they consist of. */
function rowName(op: string, { fusions }: ConformanceReport): string {
  const isFused = (fusedNames as readonly string[]).includes(op);
  return isFused && !fusions.includes(op) ? `${op} (as its parts)` : op;
}

function cell(results: readonly ConformanceResult[], op: string, level: Level): string {
  const here = results.filter((result) => result.case.op === op && result.case.level === level);
  if (here.length === 0) {
    return "-";
  }
  const count = (status: ConformanceResult["status"]): number =>
    here.filter((result) => result.status === status).length;
  const [skips, unsupported] = [count("skipped"), count("unsupported")];
  const wrong = count("failed") + count("unexpectedly passed");
  const ran = here.length - skips - unsupported;
  const left = [...(skips > 0 ? [`${skips} skipped`] : []), ...(unsupported > 0 ? [`${unsupported} unsupported`] : [])];
  return `${wrong > 0 ? "✗" : ran > 0 ? "✓" : " "} ${[`${count("passed")}/${ran}`, ...left].join(", ")}`;
}

function notes(results: readonly ConformanceResult[]): string[] {
  const wrong = results.filter(({ status }) => status === "failed" || status === "unexpectedly passed");
  return [
    ...(wrong.length > 0 ? ["", "failures:", ...wrong.map(({ message }) => `  ✗ ${message}`)] : []),
    ...withReasons(results, "skipped"),
    ...withReasons(results, "unsupported"),
  ];
}

/** The cases of a status under the reason that they share. */
function withReasons(results: readonly ConformanceResult[], status: "skipped" | "unsupported"): string[] {
  const found = results.filter((result) => result.status === status);
  const reasons = [...new Set(found.map(({ reason }) => reason))];
  return found.length === 0
    ? []
    : [
        "",
        `${status}:`,
        ...reasons.flatMap((reason) => [
          `  ${reason}`,
          ...found.filter((result) => result.reason === reason).map((result) => `    ${result.case.name}`),
        ]),
      ];
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
}
