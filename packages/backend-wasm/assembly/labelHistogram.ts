/**
 * labelHistogram counts[label is 0][b] += 1 for each prediction p, where b = min(max(ceil(p B) - 1, 0), B - 1), the product
 * rounded to float32; predictions, labels: [length], counts: [2,B] whole numbers.
 *
 * Cost: 8 bytes an element and a count that is read and written, each after the last one. One task is a block of elements; where
 * there are several, each has counts of its own, which sumCounts adds up. Not measured yet.
 */

import { LabelHistogramArgs, SumCountsArgs } from "./generated/args";

export function labelHistogram(args: LabelHistogramArgs, task: i32): void {
  const buckets = args.buckets;
  const rowBytes = (<usize>buckets) << 2;
  let counts = args.counts;
  if (args.partial) {
    counts += <usize>task * 2 * rowBytes;
    memory.fill(counts, 0, 2 * rowBytes);
  }
  const scale = <f32>buckets;
  const end = min((task + 1) * args.block, args.length);
  for (let i = task * args.block; i < end; i++) {
    const at = (<usize>i) << 2;
    const place = load<f32>(args.predictions + at) * scale;
    // NaN is not above 1.
    const bucket = place >= scale ? buckets - 1 : place > 1 ? <i32>ceil(place) - 1 : 0;
    const row: usize = load<f32>(args.labels + at) !== 0 ? 0 : rowBytes;
    const count = counts + row + ((<usize>bucket) << 2);
    store<i32>(count, load<i32>(count) + 1);
  }
}

/** counts[c] += sum over p of partials[p,c], for the task's columns. */
export function sumCounts(args: SumCountsArgs, task: i32): void {
  const end = min((task + 1) * args.block, args.length);
  for (let c = task * args.block; c < end; c++) {
    const at = (<usize>c) << 2;
    let sum = load<i32>(args.counts + at);
    for (let p = 0; p < args.rows; p++) sum += load<i32>(args.partials + at + <usize>(p * args.length) * 4);
    store<i32>(args.counts + at, sum);
  }
}
