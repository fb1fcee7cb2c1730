/**
 * accuracy: number of rows whose largest prediction is the labelled class, the first of equals; binary: sum over rows of the
 * share of elements on the same side of 0.5 as their target. topKAccuracy: number of rows in which fewer than k classes lie
 * above the labelled one. predictions: [rows, classes]; labels: int32 [rows] or float32 [rows, classes]. NaN is wrong.
 *
 * Cost: one comparison an element. One task is a block of rows and leaves its count in partials[task].
 */

import { AccuracyArgs } from "./generated/args";
import { LABELS_BINARY, LABELS_SPARSE } from "./generated/constants";

/** Position of a row's largest number, the first of equals; -1 where the row has a NaN. */
function argmax(x: usize, classes: i32): i32 {
  let best: i32 = 0;
  let largest = load<f32>(x);
  for (let c = 0; c < classes; c++) {
    const value = load<f32>(x + ((<usize>c) << 2));
    if (isNaN(value)) return -1;
    if (value > largest) {
      largest = value;
      best = c;
    }
  }
  return best;
}

// @inline
function labelOf(labelKind: i32, labels: usize, row: i32, classes: i32): i32 {
  if (labelKind === LABELS_SPARSE) return load<i32>(labels + ((<usize>row) << 2));
  return argmax(labels + <usize>row * <usize>classes * 4, classes);
}

/** 1 where row `row` is right, 0 where it is wrong, a share when binary. */
export function accuracyOfRow(labelKind: i32, x: usize, labels: usize, row: i32, classes: i32): f32 {
  if (labelKind !== LABELS_BINARY) return argmax(x, classes) === labelOf(labelKind, labels, row, classes) ? 1 : 0;
  const targets = labels + <usize>row * <usize>classes * 4;
  let right: i32 = 0;
  for (let c = 0; c < classes; c++) {
    const value = load<f32>(x + ((<usize>c) << 2));
    const target = load<f32>(targets + ((<usize>c) << 2));
    right += i32(!isNaN(value) && value > 0.5 === target > 0.5);
  }
  return <f32>right / <f32>classes;
}

export function accuracy(args: AccuracyArgs, task: i32): void {
  const classes = args.classes;
  const first = task * args.block;
  const end = min(first + args.block, args.rows);
  let total: f64 = 0;
  for (let r = first; r < end; r++) {
    const x = args.predictions + <usize>r * <usize>classes * 4;
    total += args.k === 0 ? accuracyOfRow(args.labelKind, x, args.labels, r, classes) : topKOfRow(args, x, r);
  }
  store<f32>(args.partials + ((<usize>task) << 2), <f32>total);
}

function topKOfRow(args: AccuracyArgs, x: usize, row: i32): f32 {
  const label = labelOf(args.labelKind, args.labels, row, args.classes);
  if (<u32>label >= <u32>args.classes) return 0;
  const own = load<f32>(x + ((<usize>label) << 2));
  let above: i32 = 0;
  // Not "<=" is true for NaN on either side.
  for (let c = 0; c < args.classes; c++) above += i32(!(load<f32>(x + ((<usize>c) << 2)) <= own));
  return above < args.k ? 1 : 0;
}
