import { expect, it } from "vitest";
import { someOpsReport } from "../testing/reports.js";
import { formatGrid } from "./gridTable.js";

it("shows shares of the peak by size, and colours only where they are wanted", () => {
  const [wasm] = someOpsReport().backends;
  const plain = formatGrid(wasm!, false);
  expect(plain).toContain("wasm: AMD EPYC, 2 threads, percent of the peak of 60.0 GFLOP/s");
  expect(plain).toMatch(/^3x3\/1, 64 +10 +75 +250$/m);
  const coloured = formatGrid(wasm!, true);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how terminals are told colours
  expect(coloured.replace(/\x1b\[[\d;]*m/g, "")).toBe(plain);
  expect(coloured).not.toBe(plain);
});

it("shows operations a second where no peak is known", () => {
  const [wasm] = someOpsReport().backends;
  expect(formatGrid({ ...wasm!, peakGflops: null }, false)).toMatch(/^3x3\/1, 64 +6\.00 +45\.0 +150$/m);
});
