/**
 * sigmoidCrossEntropy loss = sum over rows of w * mean over c of max(x, 0) - x t + ln(1 + e^-|x|), p = sigmoid(x);
 * sigmoidCrossEntropyBackward dx = scale w (p - t) / C. x, t, p, dx: [rows, classes], w: [rows].
 *
 * Cost: two exponentials and a logarithm an element. One task is a block of rows and leaves its sum in partials[task].
 */

import { SigmoidCrossEntropyArgs, SigmoidCrossEntropyBackwardArgs } from "./generated/args";
import { scaledDifference, weightOf } from "./lossRows";
import { loadTail, storeTail, sumLanes } from "./simd";
import { exp4, log4, sigmoid4 } from "./transcendental";

/** Loss of four elements. */
// @inline
function crossEntropy4(x: v128, t: v128): v128 {
  const zero = f32x4.splat(0);
  const linear = f32x4.sub(f32x4.pmax(x, zero), f32x4.mul(x, t));
  return f32x4.add(linear, log4(f32x4.add(f32x4.splat(1), exp4(f32x4.neg(f32x4.abs(x))))));
}

export function sigmoidCrossEntropy(args: SigmoidCrossEntropyArgs, task: i32): void {
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
    const stop = x + ((<usize>(classes & ~3)) << 2);
    let sums = f32x4.splat(0);
    while (x < stop) {
      const v = v128.load(x);
      sums = f32x4.add(sums, crossEntropy4(v, v128.load(t)));
      v128.store(p, sigmoid4(v));
      x += 16;
      t += 16;
      p += 16;
    }
    let sum = sumLanes(sums);
    if (rest) {
      const v = loadTail(x, rest);
      // The loss of the zeros behind the tail is not 0: only the lanes of the row are added.
      const losses = crossEntropy4(v, loadTail(t, rest));
      storeTail(p, sigmoid4(v), rest);
      sum += f32x4.extract_lane(losses, 0);
      if (rest > 1) sum += f32x4.extract_lane(losses, 1);
      if (rest > 2) sum += f32x4.extract_lane(losses, 2);
    }
    total += (<f64>weightOf(args.weights, r) * <f64>sum) / <f64>classes;
  }
  store<f32>(args.partials + ((<usize>task) << 2), <f32>total);
}

/** dx = factor w (p - t) */
export function sigmoidCrossEntropyBackward(args: SigmoidCrossEntropyBackwardArgs, task: i32): void {
  const classes = args.classes;
  const first = task * args.block;
  const end = min(first + args.block, args.rows);
  for (let r = first; r < end; r++) {
    const offset = <usize>r * <usize>classes * 4;
    const factor = args.factor * weightOf(args.weights, r);
    scaledDifference(args.probabilities + offset, args.targets + offset, args.dx + offset, classes, factor);
  }
}
