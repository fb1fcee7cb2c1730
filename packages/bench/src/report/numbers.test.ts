import { expect, it } from "vitest";
import { formatBytes, formatCount, formatFigure, formatShare } from "./numbers.js";

it("shows three significant digits, and every digit before the point", () => {
  const shown = [0.08137, 0.8137, 8.137, 81.37, 813.7, 8137.2, 524_000, 0].map(formatFigure);
  expect(shown).toEqual(["0.0814", "0.814", "8.14", "81.4", "814", "8,137", "524,000", "0.00"]);
});

it("shows shares, bytes and counts", () => {
  expect(formatShare(0.98634)).toBe("98.63%");
  expect(formatBytes(13_912_345)).toBe("13.9 MB");
  expect(formatCount(60_000)).toBe("60,000");
});

it("shows a dash where there is no figure", () => {
  expect([formatFigure(null), formatShare(null), formatBytes(null)]).toEqual(["-", "-", "-"]);
});
