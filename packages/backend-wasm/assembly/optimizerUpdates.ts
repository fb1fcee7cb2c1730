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
 * The addresses are in locals: what a store may have changed is loaded again.
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
  const nesterov = args.nesterov;
  const gStart = args.g;
  const vStart = args.v;
  const wStart = args.w;
  const first = (<usize>(task * args.block)) << 2;
  const end = min(first + ((<usize>args.block) << 2), (<usize>args.length) << 2);
  if (vStart === 0) {
    for (let i = first; i < end; i += 16) {
      put(wStart, i, end, f32x4.sub(v128.load(wStart + i), f32x4.mul(rate, v128.load(gStart + i))));
    }
    return;
  }
  for (let i = first; i < end; i += 16) {
    const change = f32x4.mul(rate, v128.load(gStart + i));
    let moved = f32x4.sub(f32x4.mul(momentum, v128.load(vStart + i)), change);
    put(vStart, i, end, moved);
    if (nesterov) moved = f32x4.sub(f32x4.mul(momentum, moved), change);
    put(wStart, i, end, f32x4.add(v128.load(wStart + i), moved));
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
  const gStart = args.g;
  const squareStart = args.square;
  const meanStart = args.mean;
  const velocityStart = args.velocity;
  const wStart = args.w;
  for (let i = first; i < end; i += 16) {
    const g = v128.load(gStart + i);
    const shared = f32x4.mul(share, g);
    let divisor = f32x4.add(f32x4.mul(rho, v128.load(squareStart + i)), f32x4.mul(shared, g));
    put(squareStart, i, end, divisor);
    if (meanStart !== 0) {
      const mean = f32x4.add(f32x4.mul(rho, v128.load(meanStart + i)), shared);
      put(meanStart, i, end, mean);
      divisor = f32x4.sub(divisor, f32x4.mul(mean, mean));
    }
    let change = f32x4.div(f32x4.mul(rate, g), f32x4.sqrt(f32x4.add(divisor, epsilon)));
    if (velocityStart !== 0) {
      change = f32x4.add(f32x4.mul(momentum, v128.load(velocityStart + i)), change);
      put(velocityStart, i, end, change);
    }
    put(wStart, i, end, f32x4.sub(v128.load(wStart + i), change));
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
  const gStart = args.g;
  const mStart = args.m;
  const vStart = args.v;
  const maxVStart = args.maxV;
  const wStart = args.w;
  for (let i = first; i < end; i += 16) {
    const g = v128.load(gStart + i);
    let m = v128.load(mStart + i);
    let v = v128.load(vStart + i);
    m = f32x4.add(m, f32x4.mul(share1, f32x4.sub(g, m)));
    v = f32x4.add(v, f32x4.mul(share2, f32x4.sub(f32x4.mul(g, g), v)));
    put(mStart, i, end, m);
    put(vStart, i, end, v);
    if (maxVStart !== 0) {
      v = f32x4.pmax(v, v128.load(maxVStart + i));
      put(maxVStart, i, end, v);
    }
    const w = v128.load(wStart + i);
    const kept = f32x4.sub(w, f32x4.mul(decay, w));
    const change = f32x4.div(f32x4.mul(rate, m), f32x4.add(f32x4.sqrt(v), epsilon));
    put(wStart, i, end, f32x4.sub(kept, change));
  }
}

export function adagradUpdate(args: AdagradUpdateArgs, task: i32): void {
  const rate = f32x4.splat(stepSize());
  const epsilon = f32x4.splat(args.epsilon);
  const first = (<usize>(task * args.block)) << 2;
  const end = min(first + ((<usize>args.block) << 2), (<usize>args.length) << 2);
  const gStart = args.g;
  const aStart = args.a;
  const wStart = args.w;
  for (let i = first; i < end; i += 16) {
    const g = v128.load(gStart + i);
    const a = f32x4.add(v128.load(aStart + i), f32x4.mul(g, g));
    put(aStart, i, end, a);
    const change = f32x4.div(f32x4.mul(rate, g), f32x4.sqrt(f32x4.add(a, epsilon)));
    put(wStart, i, end, f32x4.sub(v128.load(wStart + i), change));
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
  const gStart = args.g;
  const mStart = args.m;
  const vStart = args.v;
  const wStart = args.w;
  for (let i = first; i < end; i += 16) {
    const g = v128.load(gStart + i);
    let m = v128.load(mStart + i);
    let v = v128.load(vStart + i);
    m = f32x4.add(m, f32x4.mul(share1, f32x4.sub(g, m)));
    v = f32x4.add(v, f32x4.mul(share2, f32x4.sub(f32x4.mul(g, g), v)));
    put(mStart, i, end, m);
    put(vStart, i, end, v);
    const direction = f32x4.add(f32x4.mul(rate, m), f32x4.mul(ownRate, g));
    const change = f32x4.div(direction, f32x4.add(f32x4.sqrt(f32x4.mul(scale, v)), epsilon));
    put(wStart, i, end, f32x4.sub(v128.load(wStart + i), change));
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
  const gStart = args.g;
  const mStart = args.m;
  const wStart = args.w;
  for (let i = first; i < end; i += 16) {
    const g = v128.load(gStart + i);
    const m = v128.load(mStart + i);
    const w = v128.load(wStart + i);
    const direction = f32x4.add(f32x4.mul(beta1, m), f32x4.mul(share1, g));
    const signed = v128.xor(rate, v128.and(direction, i32x4.splat(0x80000000)));
    const change = v128.and(signed, f32x4.ne(direction, f32x4.splat(0)));
    put(wStart, i, end, f32x4.sub(f32x4.sub(w, f32x4.mul(decay, w)), change));
    put(mStart, i, end, f32x4.add(f32x4.mul(beta2, m), f32x4.mul(share2, g)));
  }
}

export function decayWeights(args: DecayWeightsArgs, task: i32): void {
  const decay = f32x4.splat(learningRate() * args.rate);
  const first = (<usize>(task * args.block)) << 2;
  const end = min(first + ((<usize>args.block) << 2), (<usize>args.length) << 2);
  const wStart = args.w;
  for (let i = first; i < end; i += 16) {
    const w = v128.load(wStart + i);
    put(wStart, i, end, f32x4.sub(w, f32x4.mul(decay, w)));
  }
}
