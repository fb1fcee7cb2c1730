/**
 * The ops of groupNorm.ts where a sample has one position, as in layer normalization: a group is a run of contiguous numbers, and
 * x, y, dy, dx are [count, length] with one mean and variance a run.
 *
 * Cost: runs stay in the first-level cache, so 8 bytes a number, the gradient 12: bound by memory. One task is a block of
 * runs. Idea: sums over a run in registers; for the gradients of gamma and beta, four channels of all runs at a time.
 *
 * Not measured yet.
 */

import { GroupNormRunsArgs, GroupNormRunsBackwardInputArgs, GroupNormRunsBackwardSumsArgs } from "./generated/args";
import { squaresOf, sumOf } from "./runSums";
import { loadTail, madd, storeTail, sumLanes } from "./simd";
import { scratch } from "./step";

// @inline
function keep(to: usize, v: v128, count: i32): void {
  if (count >= 4) v128.store(to, v);
  else storeTail(to, v, count);
}

// @inline
function scaled(x: v128, means: v128, inverses: v128, gamma: usize, beta: usize, i: usize): v128 {
  let v = f32x4.mul(f32x4.sub(x, means), inverses);
  if (gamma !== 0) v = f32x4.mul(v, v128.load(gamma + i));
  if (beta !== 0) v = f32x4.add(v, v128.load(beta + i));
  return v;
}

export function groupNormRuns(args: GroupNormRunsArgs, task: i32): void {
  const length = args.length;
  const bytes = (<usize>length) << 2;
  const whole = (<usize>(length & ~3)) << 2;
  const end = min((task + 1) * args.block, args.count);
  for (let run = task * args.block; run < end; run++) {
    const x = args.x + <usize>run * bytes;
    const y = args.y + <usize>run * bytes;
    const mean = sumOf(x, length) / <f32>length;
    const variance = squaresOf(x, length, mean) / <f32>length;
    store<f32>(args.mean + ((<usize>run) << 2), mean);
    store<f32>(args.variance + ((<usize>run) << 2), variance);
    const means = f32x4.splat(mean);
    const inverses = f32x4.splat(1 / sqrt(variance + args.epsilon));
    const channel = <usize>(run % args.groups) * bytes;
    const gamma = args.gamma !== 0 ? args.gamma + channel : 0;
    const beta = args.beta !== 0 ? args.beta + channel : 0;
    let i: usize = 0;
    for (; i < whole; i += 16) v128.store(y + i, scaled(v128.load(x + i), means, inverses, gamma, beta, i));
    if (i < bytes) storeTail(y + i, scaled(v128.load(x + i), means, inverses, gamma, beta, i), length & 3);
  }
}

/** One task: its runs' sums by channel. */
export function groupNormRunsBackwardSums(args: GroupNormRunsBackwardSumsArgs, task: i32): void {
  const length = args.length;
  const bytes = (<usize>length) << 2;
  const first = task * args.block;
  const runs = min(args.block, args.count - first);
  const inverses = scratch();
  const runBytes = (<usize>runs) << 2;
  const mean = args.mean + ((<usize>first) << 2);
  const variance = args.variance + ((<usize>first) << 2);
  for (let r: usize = 0; r < runBytes; r += 16) {
    const root = f32x4.sqrt(f32x4.add(v128.load(variance + r), f32x4.splat(args.epsilon)));
    v128.store(inverses + r, f32x4.div(f32x4.splat(1), root));
  }
  const dy = args.dy + <usize>first * bytes;
  const x = args.x + <usize>first * bytes;
  const scale = args.scalePartials + <usize>task * bytes;
  const offset = args.offsetPartials + <usize>task * bytes;
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    let a = f32x4.splat(0);
    let b = a;
    let pa = a;
    let pb = a;
    let p = x + i;
    let q = dy + i;
    for (let r: usize = 0; r < runBytes; r += 4) {
      const m = v128.load32_splat(mean + r);
      const inverse = v128.load32_splat(inverses + r);
      const ga = v128.load(q);
      const gb = v128.load(q, 16);
      a = f32x4.add(a, ga);
      b = f32x4.add(b, gb);
      pa = madd(ga, f32x4.mul(f32x4.sub(v128.load(p), m), inverse), pa);
      pb = madd(gb, f32x4.mul(f32x4.sub(v128.load(p, 16), m), inverse), pb);
      p += bytes;
      q += bytes;
    }
    v128.store(offset + i, a);
    v128.store(offset + i, b, 16);
    v128.store(scale + i, pa);
    v128.store(scale + i, pb, 16);
  }
  for (; i < bytes; i += 16) {
    let a = f32x4.splat(0);
    let pa = a;
    let p = x + i;
    let q = dy + i;
    for (let r: usize = 0; r < runBytes; r += 4) {
      const g = v128.load(q);
      const difference = f32x4.sub(v128.load(p), v128.load32_splat(mean + r));
      a = f32x4.add(a, g);
      pa = madd(g, f32x4.mul(difference, v128.load32_splat(inverses + r)), pa);
      p += bytes;
      q += bytes;
    }
    const count = <i32>((bytes - i) >> 2);
    keep(offset + i, a, count);
    keep(scale + i, pa, count);
  }
}

/** (d - offset - (x - mean) slope) inverse */
// @inline
function gradient(
  dy: usize,
  x: usize,
  gamma: usize,
  i: usize,
  means: v128,
  offsets: v128,
  slopes: v128,
  inverses: v128,
): v128 {
  const d = gamma !== 0 ? f32x4.mul(v128.load(dy), v128.load(gamma + i)) : v128.load(dy);
  const difference = f32x4.mul(f32x4.sub(v128.load(x), means), slopes);
  return f32x4.mul(f32x4.sub(f32x4.sub(d, offsets), difference), inverses);
}

export function groupNormRunsBackwardInput(args: GroupNormRunsBackwardInputArgs, task: i32): void {
  const length = args.length;
  const bytes = (<usize>length) << 2;
  const whole = (<usize>(length & ~3)) << 2;
  const end = min((task + 1) * args.block, args.count);
  for (let run = task * args.block; run < end; run++) {
    const at = <usize>run * bytes;
    const dy = args.dy + at;
    const x = args.x + at;
    const dx = args.dx + at;
    const means = v128.load32_splat(args.mean + ((<usize>run) << 2));
    const inverse: f32 = 1 / sqrt(load<f32>(args.variance + ((<usize>run) << 2)) + args.epsilon);
    const gamma = args.gamma !== 0 ? args.gamma + <usize>(run % args.groups) * bytes : 0;
    let sums = f32x4.splat(0);
    let products = sums;
    let sums1 = sums;
    let products1 = sums;
    let i: usize = 0;
    for (; i + 32 <= bytes; i += 32) {
      const d = gamma !== 0 ? f32x4.mul(v128.load(dy + i), v128.load(gamma + i)) : v128.load(dy + i);
      sums = f32x4.add(sums, d);
      products = madd(d, f32x4.sub(v128.load(x + i), means), products);
      const d1 = gamma !== 0 ? f32x4.mul(v128.load(dy + i, 16), v128.load(gamma + i, 16)) : v128.load(dy + i, 16);
      sums1 = f32x4.add(sums1, d1);
      products1 = madd(d1, f32x4.sub(v128.load(x + i, 16), means), products1);
    }
    for (; i < bytes; i += 16) {
      // Lanes behind the end are 0 and add nothing.
      const count = min(4, <i32>((bytes - i) >> 2));
      let d = count === 4 ? v128.load(dy + i) : loadTail(dy + i, count);
      if (gamma !== 0) d = f32x4.mul(d, count === 4 ? v128.load(gamma + i) : loadTail(gamma + i, count));
      sums = f32x4.add(sums, d);
      products = madd(d, f32x4.sub(count === 4 ? v128.load(x + i) : loadTail(x + i, count), means), products);
    }
    sums = f32x4.add(sums, sums1);
    products = f32x4.add(products, products1);
    const offsets = f32x4.splat(sumLanes(sums) / <f32>length);
    const slopes = f32x4.splat((sumLanes(products) / <f32>length) * inverse * inverse);
    const inverses = f32x4.splat(inverse);
    for (i = 0; i < whole; i += 16) {
      v128.store(dx + i, gradient(dy + i, x + i, gamma, i, means, offsets, slopes, inverses));
    }
    if (i < bytes) {
      storeTail(dx + i, gradient(dy + i, x + i, gamma, i, means, offsets, slopes, inverses), length & 3);
    }
  }
}
