import { expect, it } from "vitest";
import { medianInterval } from "./medianInterval.js";

it("reaches from the smallest to the largest of few numbers, and skips as many as the confidence allows", () => {
  expect(medianInterval([])).toBeNull();
  expect(medianInterval([5])).toEqual({ low: 5, high: 5 });
  expect(medianInterval([3, 1, 2, 7, 5, 4, 6])).toEqual({ low: 1, high: 7 });
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  // Conover's table A3 and any table of the sign test: 9 numbers, the 2nd and 8th; 20, the 6th and 15th.
  expect(medianInterval(upTo(9))).toEqual({ low: 2, high: 8 });
  expect(medianInterval(upTo(20))).toEqual({ low: 6, high: 15 });
});
