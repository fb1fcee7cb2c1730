/**
 * A batch normalization over given statistics behind a convolution, folded into it: with s[c] = gamma / sqrt(variance +
 * epsilon) its kernel becomes k s and its bias beta + (bias - mean) s. kernel: [R,C]; all others: [C].
 *
 * Cost: as many numbers as the kernel has, none of the activations. Kernels that are packed or transformed anyway take s on
 * that way (packPanels.ts, conv2dWinograd.ts); those of depthwise convolutions are few numbers and are written here.
 */

import { FoldedBiasArgs, FoldedKernelArgs } from "./generated/args";
import { madd, storeTail } from "./simd";

/** Four numbers gamma / sqrt(variance + epsilon), `offset` bytes from the first; `gamma` 0 for none. */
// @inline
export function inverseRoots(variance: usize, gamma: usize, offset: usize, epsilon: f32): v128 {
  const root = f32x4.sqrt(f32x4.add(v128.load(variance + offset), f32x4.splat(epsilon)));
  return f32x4.div(gamma !== 0 ? v128.load(gamma + offset) : f32x4.splat(1), root);
}

// @inline
function keep(to: usize, v: v128, count: i32): void {
  if (count >= 4) v128.store(to, v);
  else storeTail(to, v, count);
}

/** One task: a block of channels, a multiple of four. */
export function foldedKernel(args: FoldedKernelArgs, task: i32): void {
  const channels = args.channels;
  const stride = (<usize>channels) << 2;
  const end = min((task + 1) * args.block, channels);
  for (let c = task * args.block; c < end; c += 4) {
    const offset = (<usize>c) << 2;
    const factors = inverseRoots(args.variance, args.gamma, offset, args.epsilon);
    let from = args.kernel + offset;
    let to = args.y + offset;
    for (let r = 0; r < args.rows; r++) {
      keep(to, f32x4.mul(v128.load(from), factors), channels - c);
      from += stride;
      to += stride;
    }
  }
}

/** One task: a block of channels, a multiple of four. */
export function foldedBias(args: FoldedBiasArgs, task: i32): void {
  const end = min((task + 1) * args.block, args.channels);
  for (let c = task * args.block; c < end; c += 4) {
    const offset = (<usize>c) << 2;
    const factors = inverseRoots(args.variance, args.gamma, offset, args.epsilon);
    const zero = f32x4.splat(0);
    const bias = args.bias !== 0 ? v128.load(args.bias + offset) : zero;
    const beta = args.beta !== 0 ? v128.load(args.beta + offset) : zero;
    keep(args.y + offset, madd(f32x4.sub(bias, v128.load(args.mean + offset)), factors, beta), args.channels - c);
  }
}
