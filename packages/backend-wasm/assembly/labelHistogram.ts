/**
 * labelHistogram: counts[label != 0 ? 0 : 1, b] += 1 with b = min(max(ceil(p B) - 1, 0), B - 1); predictions, labels: [length],
 * counts: [2, buckets] int32.
 *
 * Cost: 8 bytes and one count an element. One task counts all: a step has few predictions. Not measured yet.
 */

import { LabelHistogramArgs } from "./generated/args";

export function labelHistogram(args: LabelHistogramArgs, _task: i32): void {
  const buckets = args.buckets;
  for (let i = 0; i < args.length; i++) {
    const at = (<usize>i) << 2;
    const position = ceil(load<f32>(args.predictions + at) * <f32>buckets) - 1;
    // Compared as floats first: NaN is in the first bucket, infinity in the last.
    const bucket = position > 0 ? <i32>min(position, <f32>(buckets - 1)) : 0;
    const row = load<f32>(args.labels + at) === 0 ? buckets : 0;
    const count = args.counts + ((<usize>(row + bucket)) << 2);
    store<i32>(count, load<i32>(count) + 1);
  }
}
