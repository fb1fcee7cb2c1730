/**
 * One update of all trainable parameters: w, g and the slots are flat, [P]; rates come from the step's row.
 *
 * sgdUpdate: w -= s g, with momentum v = momentum v - s g, then w += v, or with Nesterov w += momentum v - s g.
 * rmspropUpdate: q = rho q + (1 - rho) g^2; centered: m = rho m + (1 - rho) g, d = q - m^2, else d = q;
 *   u = s g / sqrt(d + epsilon); with momentum v = momentum v + u, w -= v, else w -= u.
 * adamUpdate: m += (1 - beta1)(g - m); v += (1 - beta2)(g^2 - v); w -= learningRate decay w; w -= s m / (sqrt(v) + epsilon), with
 *   amsgrad the largest v so far in the last formula.
 * adagradUpdate: a += g^2; w -= s g / sqrt(a + epsilon).
 * nadamUpdate: m and v as adamUpdate; w -= (s m + gradientStep g) / (sqrt(secondMomentScale v) + epsilon).
 * decayWeights: w -= learningRate rate w.
 * lionUpdate: w -= learningRate decay w; w -= s sign(beta1 m + (1 - beta1) g); m = beta2 m + (1 - beta2) g.
 *
 * Cost: adamUpdate moves 28 bytes a parameter and takes one square root and one division; one task is a block of parameters.
 * Measured: sgdUpdate and rmspropUpdate 22 GB/s, adamUpdate 0.7 ns a parameter, 38 GB/s from the second-level cache. Not
 * measured yet: adagradUpdate, nadamUpdate, lionUpdate.
 *
 * Whole vectors are read to the end, a little too far at most; what lies behind the last parameter is not written.
 */

import {
  AdagradUpdateArgs,
  AdamUpdateArgs,
  DecayWeightsArgs,
  LionUpdateArgs,
  NadamUpdateArgs,
  RmspropUpdateArgs,
  SgdUpdateArgs,
} from "./generated/args";
import { storeTail } from "./simd";
import { gradientStep, learningRate, secondMomentScale, stepSize } from "./step";

/** Stores the lanes that lie before `end`. */
// @inline
function put(base: usize, i: usize, end: usize, v: v128): void {
  if (i + 16 <= end) v128.store(base + i, v);
  else storeTail(base + i, v, <i32>(end - i) >> 2);
}

export function sgdUpdate(args: SgdUpdateArgs, task: i32): void {
  const rate = f32x4.splat(stepSize());
  const momentum = f32x4.splat(args.momentum);
  const first = (<usize>(task * args.block)) << 2;
  const end = min(first + ((<usize>args.block) << 2), (<usize>args.length) << 2);
  for (let i = first; i < end; i += 16) {
    const change = f32x4.mul(rate, v128.load(args.g + i));
    let moved = f32x4.neg(change);
    if (args.v !== 0) {
      moved = f32x4.sub(f32x4.mul(momentum, v128.load(args.v + i)), change);
      put(args.v, i, end, moved);
      if (args.nesterov) moved = f32x4.sub(f32x4.mul(momentum, moved), change);
    }
    put(args.w, i, end, f32x4.add(v128.load(args.w + i), moved));
  }
}

export function rmspropUpdate(args: RmspropUpdateArgs, task: i32): void {
  const rate = f32x4.splat(stepSize());
  const rho = f32x4.splat(args.rho);
  const share = f32x4.splat(args.share);
  const epsilon = f32x4.splat(args.epsilon);
  const momentum = f32x4.splat(args.momentum);
  const first = (<usize>(task * args.block)) << 2;
  const end = min(first + ((<usize>args.block) << 2), (<usize>args.length) << 2);
  for (let i = first; i < end; i += 16) {
    const g = v128.load(args.g + i);
    const shared = f32x4.mul(share, g);
    let divisor = f32x4.add(f32x4.mul(rho, v128.load(args.square + i)), f32x4.mul(shared, g));
    put(args.square, i, end, divisor);
    if (args.mean !== 0) {
      const mean = f32x4.add(f32x4.mul(rho, v128.load(args.mean + i)), shared);
      put(args.mean, i, end, mean);
      divisor = f32x4.sub(divisor, f32x4.mul(mean, mean));
    }
    let change = f32x4.div(f32x4.mul(rate, g), f32x4.sqrt(f32x4.add(divisor, epsilon)));
    if (args.velocity !== 0) {
      change = f32x4.add(f32x4.mul(momentum, v128.load(args.velocity + i)), change);
      put(args.velocity, i, end, change);
    }
    put(args.w, i, end, f32x4.sub(v128.load(args.w + i), change));
  }
}

export function adamUpdate(args: AdamUpdateArgs, task: i32): void {
  const rate = f32x4.splat(stepSize());
  const share1 = f32x4.splat(args.share1);
  const share2 = f32x4.splat(args.share2);
  const epsilon = f32x4.splat(args.epsilon);
  const decay = f32x4.splat(learningRate() * args.weightDecay);
  const first = (<usize>(task * args.block)) << 2;
  const end = min(first + ((<usize>args.block) << 2), (<usize>args.length) << 2);
  for (let i = first; i < end; i += 16) {
    const g = v128.load(args.g + i);
    let m = v128.load(args.m + i);
    let v = v128.load(args.v + i);
    m = f32x4.add(m, f32x4.mul(share1, f32x4.sub(g, m)));
    v = f32x4.add(v, f32x4.mul(share2, f32x4.sub(f32x4.mul(g, g), v)));
    put(args.m, i, end, m);
    put(args.v, i, end, v);
    if (args.maxV !== 0) {
      v = f32x4.pmax(v, v128.load(args.maxV + i));
      put(args.maxV, i, end, v);
    }
    const w = v128.load(args.w + i);
    const kept = f32x4.sub(w, f32x4.mul(decay, w));
    const change = f32x4.div(f32x4.mul(rate, m), f32x4.add(f32x4.sqrt(v), epsilon));
    put(args.w, i, end, f32x4.sub(kept, change));
  }
}

export function adagradUpdate(args: AdagradUpdateArgs, task: i32): void {
  const rate = f32x4.splat(stepSize());
  const epsilon = f32x4.splat(args.epsilon);
  const first = (<usize>(task * args.block)) << 2;
  const end = min(first + ((<usize>args.block) << 2), (<usize>args.length) << 2);
  for (let i = first; i < end; i += 16) {
    const g = v128.load(args.g + i);
    const a = f32x4.add(v128.load(args.a + i), f32x4.mul(g, g));
    put(args.a, i, end, a);
    const change = f32x4.div(f32x4.mul(rate, g), f32x4.sqrt(f32x4.add(a, epsilon)));
    put(args.w, i, end, f32x4.sub(v128.load(args.w + i), change));
  }
}

export function nadamUpdate(args: NadamUpdateArgs, task: i32): void {
  const rate = f32x4.splat(stepSize());
  const ownRate = f32x4.splat(gradientStep());
  const scale = f32x4.splat(secondMomentScale());
  const share1 = f32x4.splat(args.share1);
  const share2 = f32x4.splat(args.share2);
  const epsilon = f32x4.splat(args.epsilon);
  const first = (<usize>(task * args.block)) << 2;
  const end = min(first + ((<usize>args.block) << 2), (<usize>args.length) << 2);
  for (let i = first; i < end; i += 16) {
    const g = v128.load(args.g + i);
    let m = v128.load(args.m + i);
    let v = v128.load(args.v + i);
    m = f32x4.add(m, f32x4.mul(share1, f32x4.sub(g, m)));
    v = f32x4.add(v, f32x4.mul(share2, f32x4.sub(f32x4.mul(g, g), v)));
    put(args.m, i, end, m);
    put(args.v, i, end, v);
    const direction = f32x4.add(f32x4.mul(rate, m), f32x4.mul(ownRate, g));
    const change = f32x4.div(direction, f32x4.add(f32x4.sqrt(f32x4.mul(scale, v)), epsilon));
    put(args.w, i, end, f32x4.sub(v128.load(args.w + i), change));
  }
}

export function lionUpdate(args: LionUpdateArgs, task: i32): void {
  const rate = f32x4.splat(stepSize());
  const beta1 = f32x4.splat(args.beta1);
  const share1 = f32x4.splat(args.share1);
  const beta2 = f32x4.splat(args.beta2);
  const share2 = f32x4.splat(args.share2);
  const decay = f32x4.splat(learningRate() * args.weightDecay);
  const first = (<usize>(task * args.block)) << 2;
  const end = min(first + ((<usize>args.block) << 2), (<usize>args.length) << 2);
  for (let i = first; i < end; i += 16) {
    const g = v128.load(args.g + i);
    const m = v128.load(args.m + i);
    const w = v128.load(args.w + i);
    const direction = f32x4.add(f32x4.mul(beta1, m), f32x4.mul(share1, g));
    const signed = v128.xor(rate, v128.and(direction, i32x4.splat(0x80000000)));
    const change = v128.and(signed, f32x4.ne(direction, f32x4.splat(0)));
    put(args.w, i, end, f32x4.sub(f32x4.sub(w, f32x4.mul(decay, w)), change));
    put(args.m, i, end, f32x4.add(f32x4.mul(beta2, m), f32x4.mul(share2, g)));
  }
}

export function decayWeights(args: DecayWeightsArgs, task: i32): void {
  const decay = f32x4.splat(learningRate() * args.rate);
  const first = (<usize>(task * args.block)) << 2;
  const end = min(first + ((<usize>args.block) << 2), (<usize>args.length) << 2);
  for (let i = first; i < end; i += 16) {
    const w = v128.load(args.w + i);
    put(args.w, i, end, f32x4.sub(w, f32x4.mul(decay, w)));
  }
}
