import { expect, it } from "vitest";
import type { BenchResult } from "../report/result.js";
import { someOpsReport, someReport } from "../testing/reports.js";
import { compareReports, formatComparison, isAsFast } from "./compareReports.js";

/** The report with other times of the first row. */
function timed(trainUsPerSample: number, spread = 0.01) {
  const report = someReport();
  const interval = { low: trainUsPerSample * (1 - spread), high: trainUsPerSample * (1 + spread) };
  const rounds = { count: 7, trainUsPerSample: interval, evaluateUsPerSample: null };
  const results = report.results.map(
    (row, index): BenchResult => (index === 0 ? { ...row, trainUsPerSample, rounds } : row),
  );
  return { ...report, results };
}

const first = (before: number, after: number, spread?: number) =>
  compareReports(timed(before, spread), timed(after, spread)).figures[0];

it("calls slower or faster what differs by a tenth and lies apart", () => {
  expect(first(100, 125)).toMatchObject({ what: "training µs/image", ratio: 1.25, change: "slower" });
  expect(first(100, 80)).toMatchObject({ change: "faster" });
  expect(first(100, 105)).toMatchObject({ change: "same" });
  expect(first(100, 125, 0.2)).toMatchObject({ change: "same" });
});

it("compares ops, and says what two reports do not have in common", () => {
  const comparison = compareReports(someOpsReport(), someOpsReport());
  expect(comparison.figures).toHaveLength(4);
  expect(formatComparison(comparison)).toMatch(/0 of 4 figures are slower/);
  expect(formatComparison(compareReports(someReport(), someOpsReport()))).toContain("no figure in common");
  const other = { ...someReport(), machine: { ...someReport().machine, cores: 4 } };
  expect(formatComparison(compareReports(someReport(), other))).toContain("Beware: measured on different machines");
});

it("is no success where nothing was compared, and names what the second report lacks", () => {
  expect(isAsFast(compareReports(timed(100), timed(100)))).toBe(true);
  expect(isAsFast(compareReports(timed(100), timed(125)))).toBe(false);
  expect(isAsFast(compareReports(someReport(), someOpsReport()))).toBe(false);
  const [row, ...others] = someReport().results;
  const without = { ...someReport(), results: [{ ...row!, available: false }, ...others] };
  expect(formatComparison(compareReports(someReport(), without))).toContain(
    `Beware: only in the first report: ${row!.backend}: ${row!.model} on`,
  );
});
