/**
 * weightedMean loss = sum over rows of w * mean over c of v; weightedMeanBackward dv = scale w / C. v, dv: [rows, classes], w:
 * [rows].
 *
 * Cost: 4 bytes an element: bound by memory. Without weights all rows are one. One task is a block of rows and leaves its sum in
 * partials[task]. Not measured yet.
 */

import { WeightedMeanArgs, WeightedMeanBackwardArgs } from "./generated/args";
import { weightOf } from "./lossRows";
import { sumOf } from "./runSums";
import { storeTail } from "./simd";

export function weightedMean(args: WeightedMeanArgs, task: i32): void {
  const classes = args.classes;
  const first = task * args.block;
  const end = min(first + args.block, args.rows);
  const v = args.v + <usize>first * ((<usize>classes) << 2);
  let total: f64 = 0;
  if (args.weights === 0) {
    total = <f64>sumOf(v, (end - first) * classes);
  } else if (classes === 1) {
    for (let r = first; r < end; r++) {
      total += <f64>weightOf(args.weights, r) * <f64>load<f32>(args.v + ((<usize>r) << 2));
    }
  } else {
    for (let r = first; r < end; r++) {
      const row = args.v + <usize>r * ((<usize>classes) << 2);
      total += <f64>weightOf(args.weights, r) * <f64>sumOf(row, classes);
    }
  }
  store<f32>(args.partials + ((<usize>task) << 2), <f32>(total / <f64>classes));
}

/** dv = factor w */
export function weightedMeanBackward(args: WeightedMeanBackwardArgs, task: i32): void {
  const first = task * args.block;
  const end = min(first + args.block, args.rows);
  // Without weights all rows are one.
  const together = args.weights === 0 ? end - first : 1;
  const count = together * args.classes;
  let dv = args.dv + <usize>first * ((<usize>args.classes) << 2);
  for (let r = first; r < end; r += together) {
    const value = f32x4.splat(args.factor * weightOf(args.weights, r));
    const stop = dv + ((<usize>(count & ~3)) << 2);
    while (dv < stop) {
      v128.store(dv, value);
      dv += 16;
    }
    const rest = count & 3;
    if (rest) storeTail(dv, value, rest);
    dv += (<usize>rest) << 2;
  }
}
