import { formatFigure } from "./numbers.js";
import type { BenchResult, Interval } from "./result.js";

/** Half-width of a median's confidence interval from which on it says little, as a share of the median. */
const wide = 0.1;

/** Half-width of an interval as a share of its median. */
export function relativeSpread(median: number, { low, high }: Interval): number {
  return (high - low) / 2 / median;
}

/** A line about the figures whose rounds differ so much that they should not be compared; none where there are none. */
export function spreadWarning(results: readonly BenchResult[], label: (row: BenchResult) => string): string[] {
  const unsure = results.flatMap((row) => {
    const figures = [
      { what: "training", median: row.trainUsPerSample, interval: row.rounds?.trainUsPerSample },
      { what: "evaluation", median: row.evaluateUsPerSample, interval: row.rounds?.evaluateUsPerSample },
    ];
    return figures.flatMap(({ what, median, interval }) => {
      if (median === null || interval === null || interval === undefined || relativeSpread(median, interval) <= wide) {
        return [];
      }
      return [`${what} of ${label(row)} from ${formatFigure(interval.low)} to ${formatFigure(interval.high)} µs`];
    });
  });
  return unsure.length === 0
    ? []
    : [
        `Not sure, the rounds differ by more than ${wide * 100}%: ${unsure.join(", ")}. Measure again on a quiet machine.`,
      ];
}
