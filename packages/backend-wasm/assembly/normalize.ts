/**
 * normalize y = f(gamma (x - mean) / sqrt(variance + epsilon) + beta + addend), with an addend and an elementwise function f
 * where asked for; normalizeBackwardInput dx = gamma dy / sqrt(variance + epsilon). x, addend, y, dy, dx: [R,C]; mean,
 * variance, gamma, beta: [C].
 *
 * Cost: 8 bytes a number, 12 with an addend: bound by memory. One task is a block of wide rows (see channels.ts) and first
 * makes its tables, in scratch memory.
 *
 * Measured on a shared machine, one thread, 8 x 56 x 56 x 64: normalize takes 0.8 of the time of `add`, 16 GB/s where that has
 * 20, its gradient 0.6.
 */

import { scaleChannels, shiftScaleAndAdd, spread } from "./channels";
import { NormalizeArgs, NormalizeBackwardInputArgs } from "./generated/args";
import { UNARY_RELU, UNARY_RELU6 } from "./generated/constants";
import { scratch } from "./step";
import { unaryInPlace } from "./unary";

/** The table gamma / sqrt(variance + epsilon); `gamma` 0 for none. */
export function inverseTable(
  table: usize,
  variance: usize,
  gamma: usize,
  channels: i32,
  width: i32,
  epsilon: f32,
): void {
  const bytes = (<usize>channels) << 2;
  for (let c: usize = 0; c < bytes; c += 16) {
    const root = f32x4.sqrt(f32x4.add(v128.load(variance + c), f32x4.splat(epsilon)));
    v128.store(table + c, f32x4.div(gamma !== 0 ? v128.load(gamma + c) : f32x4.splat(1), root));
  }
  spread(table, channels, width);
}

/** A table of `vector`, or of zeros where that is 0. */
export function vectorTable(table: usize, vector: usize, channels: i32, width: i32): void {
  if (vector === 0) {
    memory.fill(table, 0, (<usize>width) << 2);
    return;
  }
  memory.copy(table, vector, (<usize>channels) << 2);
  spread(table, channels, width);
}

export function normalize(args: NormalizeArgs, task: i32): void {
  const width = args.width;
  const step = (<usize>width) << 2;
  const tables = scratch();
  vectorTable(tables, args.mean, args.channels, width);
  inverseTable(tables + step, args.variance, args.gamma, args.channels, width, args.epsilon);
  vectorTable(tables + 2 * step, args.beta, args.channels, width);
  const first = task * args.block;
  const offset = (<usize>first) << 2;
  const length = min(args.block, args.length - first);
  const addend = args.addend !== 0 ? args.addend + offset : 0;
  const lowest: f32 = args.unary === UNARY_RELU || args.unary === UNARY_RELU6 ? 0 : -Infinity;
  const highest: f32 = args.unary === UNARY_RELU6 ? 6 : Infinity;
  shiftScaleAndAdd(args.x + offset, addend, args.y + offset, length, tables, width, lowest, highest);
  if (args.unary > UNARY_RELU6) unaryInPlace(args.y + offset, length, args.unary, args.alpha);
}

export function normalizeBackwardInput(args: NormalizeBackwardInputArgs, task: i32): void {
  inverseTable(scratch(), args.variance, args.gamma, args.channels, args.width, args.epsilon);
  const first = task * args.block;
  const offset = (<usize>first) << 2;
  scaleChannels(args.dy + offset, args.dx + offset, min(args.block, args.length - first), scratch(), args.width);
}
