/** How many numbers lie in a range. */
export interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** As many as TensorFlow's `summary.histogram` makes. */
const buckets = 30;

/**
 * Numbers counted in 30 ranges of one width from the lowest to the highest; those that are not finite are left out. One range where
 * all are the same, none where there are none.
 */
export function histogram(data: ArrayLike<number>): Bucket[] {
  let [low, high, finite] = [Infinity, -Infinity, 0];
  for (let index = 0; index < data.length; index++) {
    const value = data[index]!;
    if (Number.isFinite(value)) {
      low = Math.min(low, value);
      high = Math.max(high, value);
      finite++;
    }
  }
  if (!(low < high)) {
    return finite === 0 ? [] : [{ from: low - 0.5, to: high + 0.5, count: finite }];
  }
  const width = (high - low) / buckets;
  const counts = new Float64Array(buckets);
  for (let index = 0; index < data.length; index++) {
    const value = data[index]!;
    if (Number.isFinite(value)) {
      counts[Math.min(buckets - 1, Math.floor((value - low) / width))]!++;
    }
  }
  return Array.from(counts, (count, index) => ({
    from: low + index * width,
    to: index === buckets - 1 ? high : low + (index + 1) * width,
    count,
  }));
}
