import type { Interval } from "../report/result.js";

/**
 * The confidence interval of a median by order statistics: it supposes nothing of how the numbers are distributed. With 7 numbers
 * it reaches from the smallest to the largest (98.4%); with fewer than 6 none holds 95%, and the range is all that can be said.
 * Conover, Practical Nonparametric Statistics, section 3.2. Null for an empty list.
 */
export function medianInterval(numbers: readonly number[], confidence = 0.95): Interval | null {
  const sorted = [...numbers].sort((a, b) => a - b);
  const count = sorted.length;
  // The interval from the k-th smallest to the k-th largest misses the median with twice the chance of fewer than k heads.
  let skipped = 0;
  let below = 0.5 ** count;
  let tail = below;
  while (skipped + 1 < count / 2) {
    below *= (count - skipped) / (skipped + 1);
    if (2 * (tail + below) > 1 - confidence) {
      break;
    }
    tail += below;
    skipped++;
  }
  const low = sorted[skipped];
  const high = sorted[count - 1 - skipped];
  return low === undefined || high === undefined ? null : { low, high };
}
