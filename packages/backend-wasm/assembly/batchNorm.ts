/**
 * batchNorm mean[c] = sum over r of x / R, variance[c] = sum over r of (x - mean)^2 / R, then `normalize` with them;
 * batchNormBackwardSums scaleGradient[c] = sum over r of dy xhat, offsetGradient[c] = sum over r of dy;
 * batchNormBackwardInput dx = gamma / sqrt(variance + epsilon) (dy - offsetGradient / R - xhat scaleGradient / R), where xhat =
 * (x - mean) / sqrt(variance + epsilon). x, y, dy, dx: [R,C]; all others: [C]. Mean and variance go into moving averages where
 * they are combined; dy may be computed from what it comes from, (dy + other) f'(y), on the way to its sums.
 *
 * Cost: x is read twice and y written once, 12 bytes a number; the sums of the gradient read 8 bytes a number, its last pass
 * moves 12: bound by memory. A gradient that is computed on the way is written to where the last pass writes dx, if nothing
 * else needs it: that costs less than to compute it twice from two or three tensors.
 *
 * Idea: a task has a block of rows that stays in its cache. It takes the mean of its block, then the squares of the
 * differences from that, so that nothing cancels whatever the mean is; blocks are combined afterwards, in their order and in
 * float64 (Chan, Golub and LeVeque, 1979). Rows are wide: see channels.ts; the few rows behind the last wide one are added
 * where blocks are combined.
 *
 * Measured on a shared machine, one thread, 8 x 56 x 56 x 64, in times of `add`: batchNorm 1.25, with relu 1.3 where two ops
 * take 1.65; the sums of the gradient 1.1, its last pass 0.9; all of the gradient from relu's on 2.1 instead of 2.4, from a
 * sum of two on 2.8 instead of 3.4.
 */

import { addNumbers } from "./add";
import { cachedSquares, channelProducts, channelSums, normalizedGradient, spread } from "./channels";
import {
  BatchNormBackwardInputArgs,
  BatchNormBackwardSumsArgs,
  BatchNormGradientsArgs,
  BatchNormMaskedSumsArgs,
  BatchNormMomentsArgs,
  BatchNormStatisticsArgs,
} from "./generated/args";
import { inverseTable, vectorTable } from "./normalize";
import { madd } from "./simd";
import { scratch } from "./step";
import { unaryBackwardRange } from "./unary";

/** partials[task] = the means of the task's wide rows, then the sums of squared differences from them. */
export function batchNormMoments(args: BatchNormMomentsArgs, task: i32): void {
  const width = args.width;
  const bytes = (<usize>width) << 2;
  const first = task * args.block;
  const rows = min(args.block, args.rows - first);
  const x = args.x + <usize>first * bytes;
  const means = args.partials + <usize>task * 2 * bytes;
  channelSums(x, rows, width, means);
  const share = f32x4.splat(1 / <f32>rows);
  for (let v: usize = 0; v < bytes; v += 16) v128.store(means + v, f32x4.mul(v128.load(means + v), share));
  cachedSquares(x, rows, width, means, means + bytes);
}

/** The two float32 numbers at `address` in float64. */
// @inline
function pair(address: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(address));
}

/** Stores the numbers of channels c and c + 1, if there are so many. */
// @inline
function storePair(address: usize, c: i32, channels: i32, v: v128): void {
  const at = address + ((<usize>c) << 2);
  store<f32>(at, <f32>f64x2.extract_lane(v, 0));
  if (c + 1 < channels) store<f32>(at, <f32>f64x2.extract_lane(v, 1), 4);
}

/** state = momentum state + share value for channels c and c + 1, if there are so many, as movingAverage.ts computes it. */
// @inline
function average(state: usize, c: i32, channels: i32, v: v128, momentum: f32, share: f32): void {
  const at = state + ((<usize>c) << 2);
  const values = f32x4.mul(f32x4.demote_f64x2_zero(v), f32x4.splat(share));
  const blended = madd(v128.load64_zero(at), f32x4.splat(momentum), values);
  store<f32>(at, f32x4.extract_lane(blended, 0));
  if (c + 1 < channels) store<f32>(at, f32x4.extract_lane(blended, 1), 4);
}

/** Mean and variance of `block` channels, a task, out of the blocks of rows and the rows behind them. */
export function batchNormStatistics(args: BatchNormStatisticsArgs, task: i32): void {
  const channels = args.channels;
  const rowBytes = (<usize>channels) << 2;
  const bytes = (<usize>args.width) << 2;
  const last = args.wideRows - (args.blocks - 1) * args.blockRows;
  const end = min((task + 1) * args.block, channels);
  const restStart = args.x + <usize>args.wideRows * bytes;
  const restEnd = args.x + <usize>args.rows * rowBytes;
  const share = f64x2.splat(1 / <f64>args.rows);
  for (let c = task * args.block; c < end; c += 2) {
    const offset = (<usize>c) << 2;
    let sum = f64x2.splat(0);
    for (let b = 0; b < args.blocks; b++) {
      const block = args.partials + <usize>b * 2 * bytes;
      let means = f64x2.splat(0);
      for (let v = offset; v < bytes; v += rowBytes) means = f64x2.add(means, pair(block + v));
      sum = f64x2.add(sum, f64x2.mul(means, f64x2.splat(<f64>(b + 1 < args.blocks ? args.blockRows : last))));
    }
    for (let p = restStart + offset; p < restEnd; p += rowBytes) sum = f64x2.add(sum, pair(p));
    const mean = f64x2.mul(sum, share);
    let squares = f64x2.splat(0);
    for (let b = 0; b < args.blocks; b++) {
      const block = args.partials + <usize>b * 2 * bytes;
      const count = f64x2.splat(<f64>(b + 1 < args.blocks ? args.blockRows : last));
      for (let v = offset; v < bytes; v += rowBytes) {
        const difference = f64x2.sub(pair(block + v), mean);
        const between = f64x2.mul(f64x2.mul(difference, difference), count);
        squares = f64x2.add(squares, f64x2.add(pair(block + bytes + v), between));
      }
    }
    for (let p = restStart + offset; p < restEnd; p += rowBytes) {
      const difference = f64x2.sub(pair(p), mean);
      squares = f64x2.add(squares, f64x2.mul(difference, difference));
    }
    const variance = f64x2.mul(squares, share);
    storePair(args.mean, c, channels, mean);
    storePair(args.variance, c, channels, variance);
    if (args.movingMean !== 0) average(args.movingMean, c, channels, mean, args.meanMomentum, args.meanShare);
    if (args.movingVariance !== 0) {
      average(args.movingVariance, c, channels, variance, args.varianceMomentum, args.varianceShare);
    }
  }
}

/** partials[task] = the sums of dy over the task's wide rows, then those of dy (x - mean). */
export function batchNormBackwardSums(args: BatchNormBackwardSumsArgs, task: i32): void {
  const width = args.width;
  const bytes = (<usize>width) << 2;
  const first = task * args.block;
  const rows = min(args.block, args.rows - first);
  const offset = <usize>first * bytes;
  const sums = args.partials + <usize>task * 2 * bytes;
  vectorTable(scratch(), args.mean, args.channels, width);
  channelProducts(args.dy + offset, args.x + offset, rows, width, scratch(), sums, sums + bytes);
}

/** Numbers of two gradients that are added before the function's derivative is taken: 4 KB. */
const PART: i32 = 1024;

/** The same of g = (dy + other) f'(y), which is written; the last task has the numbers behind the wide rows as well. */
export function batchNormMaskedSums(args: BatchNormMaskedSumsArgs, task: i32): void {
  const width = args.width;
  const bytes = (<usize>width) << 2;
  const first = task * args.block;
  const rows = min(args.block, args.rows - first);
  const length = first + rows === args.rows ? args.length - first * width : rows * width;
  const offset = <usize>first * bytes;
  const g = args.g + offset;
  maskedGradient(args, offset, length);
  const sums = args.partials + <usize>task * 2 * bytes;
  vectorTable(scratch(), args.mean, args.channels, width);
  channelProducts(g, args.x + offset, rows, width, scratch(), sums, sums + bytes);
}

/** g = (dy + other) f'(y) for `length` numbers from `offset` on: a part at a time, as g may be any of them. */
function maskedGradient(args: BatchNormMaskedSumsArgs, offset: usize, length: i32): void {
  const part = scratch();
  const none = f32x4.splat(-Infinity);
  for (let i = 0; i < length; i += PART) {
    const count = min(PART, length - i);
    const at = offset + ((<usize>i) << 2);
    let dy = args.dy + at;
    if (args.other !== 0) {
      const sum = args.y !== 0 ? part : args.g + at;
      addNumbers(dy, args.other + at, sum, count, none);
      dy = sum;
    }
    if (args.y !== 0) unaryBackwardRange(dy, args.y + at, args.g + at, count, args.unary, args.alpha);
  }
}

/** Both gradients of `block` channels, a task. */
export function batchNormGradients(args: BatchNormGradientsArgs, task: i32): void {
  const channels = args.channels;
  const rowBytes = (<usize>channels) << 2;
  const bytes = (<usize>args.width) << 2;
  const end = min((task + 1) * args.block, channels);
  const restStart = <usize>args.wideRows * bytes;
  const restEnd = <usize>args.rows * rowBytes;
  for (let c = task * args.block; c < end; c += 2) {
    const offset = (<usize>c) << 2;
    const mean = pair(args.mean + offset);
    let sum = f64x2.splat(0);
    let products = f64x2.splat(0);
    for (let b = 0; b < args.blocks; b++) {
      const block = args.partials + <usize>b * 2 * bytes;
      for (let v = offset; v < bytes; v += rowBytes) {
        sum = f64x2.add(sum, pair(block + v));
        products = f64x2.add(products, pair(block + bytes + v));
      }
    }
    for (let at = restStart + offset; at < restEnd; at += rowBytes) {
      const dy = pair(args.dy + at);
      sum = f64x2.add(sum, dy);
      products = f64x2.add(products, f64x2.mul(dy, f64x2.sub(pair(args.x + at), mean)));
    }
    const root = f64x2.sqrt(f64x2.add(pair(args.variance + offset), f64x2.splat(<f64>args.epsilon)));
    storePair(args.scaleGradient, c, channels, f64x2.div(products, root));
    storePair(args.offsetGradient, c, channels, sum);
  }
}

export function batchNormBackwardInput(args: BatchNormBackwardInputArgs, task: i32): void {
  const channels = args.channels;
  const width = args.width;
  const step = (<usize>width) << 2;
  const bytes = (<usize>channels) << 2;
  const mean = scratch();
  const offsets = mean + step;
  const factors = offsets + step;
  const slopes = factors + step;
  vectorTable(mean, args.mean, channels, width);
  inverseTable(factors, args.variance, args.gamma, channels, width, args.epsilon);
  const share = f32x4.splat(args.share);
  for (let c: usize = 0; c < bytes; c += 16) {
    v128.store(offsets + c, f32x4.mul(v128.load(args.offsetGradient + c), share));
  }
  spread(offsets, channels, width);
  for (let c: usize = 0; c < bytes; c += 16) {
    const root = f32x4.sqrt(f32x4.add(v128.load(args.variance + c), f32x4.splat(args.epsilon)));
    const slope = f32x4.div(f32x4.mul(v128.load(args.scaleGradient + c), share), root);
    v128.store(slopes + c, f32x4.mul(v128.load(factors + c), slope));
  }
  spread(slopes, channels, width);
  const first = task * args.block;
  const at = (<usize>first) << 2;
  normalizedGradient(args.dy + at, args.x + at, args.dx + at, min(args.block, args.length - first), scratch(), width);
}
