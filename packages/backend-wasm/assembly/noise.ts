/**
 * gaussianNoise y[i] = x[i] + stddev g(i); gaussianDropout y[i] = x[i] (1 + stddev g(i)); x, y: [length]. g(i) = sqrt(-2 ln u)
 * cos(2 pi v) with u = (word(2i) + 1) / 2^32, v = word(2i + 1) / 2^32, words as in dropout.ts (Box and Muller, 1958).
 *
 * Cost: 82 integer operations an element and about 15 for the formula, 8 bytes. Idea: four elements at a time, and whole numbers
 * where float32 would lose digits: near u = 1 the logarithm comes from 1 - u, and the angle is reduced before it is rounded.
 *
 * Not measured yet.
 */

import { GaussianDropoutArgs, GaussianNoiseArgs, NoiseArgs } from "./generated/args";
import { madd, storeTail } from "./simd";
import { iteration, seedHigh, seedLow } from "./step";
import { threefry4, word0, word1 } from "./threefry";
import { cosineOfTurn4, logOfWord4 } from "./transcendental";

/** Four standard normal numbers out of the words that `threefry4` has left. */
// @inline
function normal4(): v128 {
  const angle = word1;
  const radius = f32x4.sqrt(f32x4.mul(logOfWord4(word0), f32x4.splat(-2)));
  return f32x4.mul(radius, cosineOfTurn4(angle));
}

// @inline
function noisy(args: NoiseArgs, x: usize, y: usize, task: i32, multiplied: bool): void {
  threefry4(seedLow(), seedHigh(), i32x4.splat(args.purpose), i32x4.splat(args.instance));
  const k0 = i32x4.extract_lane(word0, 0);
  const k1 = i32x4.extract_lane(word1, 0);
  const step = i32x4.splat(iteration());
  const stddev = f32x4.splat(args.stddev);
  const first = task * args.block;
  const end = min(first + args.block, args.length);
  for (let i = first; i < end; i += 4) {
    threefry4(k0, k1, i32x4.add(i32x4.splat(<i32>args.first + i), i32x4(0, 1, 2, 3)), step);
    const offset = (<usize>i) << 2;
    const value = v128.load(x + offset);
    const normal = normal4();
    const result = multiplied ? f32x4.mul(value, madd(normal, stddev, f32x4.splat(1))) : madd(normal, stddev, value);
    if (i + 4 <= end) v128.store(y + offset, result);
    else storeTail(y + offset, result, end - i);
  }
}

export function gaussianNoise(args: GaussianNoiseArgs, task: i32): void {
  noisy(args, args.x, args.y, task, false);
}

export function gaussianDropout(args: GaussianDropoutArgs, task: i32): void {
  noisy(args, args.x, args.y, task, true);
}
