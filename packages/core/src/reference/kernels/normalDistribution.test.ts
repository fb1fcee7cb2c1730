import { expect, test } from "vitest";
import { normalDensity, normalDistribution } from "./normalDistribution.js";

// Tables of the standard normal distribution.
test.each([
  [0, 0.5],
  [0.5, 0.6914624612740131],
  [1, 0.8413447460685429],
  [1.96, 0.9750021048517795],
  [2.8, 0.9974448696695721],
  [-1, 0.15865525393145705],
  [-2.83, 0.002327400206731555],
  [-3, 0.0013498980316300933],
  [-5, 2.866515718791939e-7],
  [-8, 6.220960574271784e-16],
])("below %f lies %f", (x, share) => {
  expect(Math.abs(normalDistribution(x) / share - 1)).toBeLessThan(2e-13);
});

test("both ends, and NaN", () => {
  expect(normalDistribution(-1e4)).toBe(0);
  expect(normalDistribution(1e4)).toBe(1);
  expect(normalDistribution(NaN)).toBeNaN();
});

test("the density is its slope, also where one formula follows the other", () => {
  for (const x of [-6, -2 * Math.SQRT2, -1, 0, 0.3, 2 * Math.SQRT2]) {
    const slope = (normalDistribution(x + 1e-5) - normalDistribution(x - 1e-5)) / 2e-5;
    expect(slope).toBeCloseTo(normalDensity(x), 9);
  }
});
