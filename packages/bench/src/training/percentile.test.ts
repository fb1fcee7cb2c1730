import { expect, it } from "vitest";
import { median, percentile } from "./percentile.js";

const once = (value: number) => ({ value, weight: 1 });

it("takes the nearest rank", () => {
  const tenths = [3, 1, 2, 5, 4, 10, 9, 8, 7, 6].map(once);
  expect(percentile(tenths, 0.5)).toBe(5);
  expect(percentile(tenths, 0.51)).toBe(6);
  expect(percentile(tenths, 0.95)).toBe(10);
  expect(percentile(tenths, 0.9)).toBe(9);
  expect(percentile(tenths, 1)).toBe(10);
  expect(percentile([once(7)], 0.95)).toBe(7);
});

it("counts a number as often as it stands for", () => {
  const runs = [
    { value: 1, weight: 98 },
    { value: 50, weight: 1 },
    { value: 2, weight: 1 },
  ];
  expect(percentile(runs, 0.5)).toBe(1);
  expect(percentile(runs, 0.98)).toBe(1);
  expect(percentile(runs, 0.99)).toBe(2);
  expect(percentile(runs, 1)).toBe(50);
});

it("has no percentile or median of nothing", () => {
  expect(percentile([], 0.5)).toBeNull();
  expect(median([])).toBeNull();
});

it("takes the middle number, or the mean of the two in the middle", () => {
  expect(median([4, 1, 9])).toBe(4);
  expect(median([4, 1, 9, 5])).toBe(4.5);
  expect(median([4])).toBe(4);
});

it("takes the median of an odd and an even number of values", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});
