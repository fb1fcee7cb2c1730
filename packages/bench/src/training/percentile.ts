/** A number that stands for `weight` equal ones. */
export interface Weighted {
  readonly value: number;
  readonly weight: number;
}

/**
 * The smallest number that at least `share` (above 0, up to 1) of the weight does not exceed: the nearest-rank percentile.
 * Null for an empty list.
 */
export function percentile(numbers: readonly Weighted[], share: number): number | null {
  const sorted = [...numbers].sort((a, b) => a.value - b.value);
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  let below = 0;
  for (const { value, weight } of sorted) {
    below += weight;
    if (below >= share * total) {
      return value;
    }
  }
  return null;
}

/** The middle number, or the mean of the two in the middle. Null for an empty list. */
export function median(numbers: readonly number[]): number | null {
  const sorted = [...numbers].sort((a, b) => a - b);
  const low = sorted[Math.ceil(sorted.length / 2) - 1];
  const high = sorted[Math.floor(sorted.length / 2)];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
