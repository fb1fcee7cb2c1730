/**
 * normalize y = gamma (x - mean) / sqrt(variance + epsilon) + beta; normalizeBackwardInput dx = gamma dy / sqrt(variance +
 * epsilon). x, y, dy, dx: [R,C]; mean, variance, gamma, beta: [C].
 *
 * Cost: 8 bytes a number: bound by memory. One task is a block of wide rows (see channels.ts) and first makes its tables, in
 * scratch memory.
 *
 * Not measured yet.
 */

import { scaleChannels, shiftAndScale, spread } from "./channels";
import { NormalizeArgs, NormalizeBackwardInputArgs } from "./generated/args";
import { scratch } from "./step";

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
  shiftAndScale(args.x + offset, args.y + offset, min(args.block, args.length - first), tables, width);
}

export function normalizeBackwardInput(args: NormalizeBackwardInputArgs, task: i32): void {
  inverseTable(scratch(), args.variance, args.gamma, args.channels, args.width, args.epsilon);
  const first = task * args.block;
  const offset = (<usize>first) << 2;
  scaleChannels(args.dy + offset, args.dx + offset, min(args.block, args.length - first), scratch(), args.width);
}
