/**
 * y[i] = word(i) >= threshold ? x[i] factor : 0, where words 2j and 2j + 1 are the two halves of Threefry-2x32 (20 rounds)
 * of the counter (j, iteration) under the layer's key, itself Threefry of (purpose, instance) under the seed; x, y: [length].
 *
 * Cost: 41 integer operations an element, 8 bytes. Idea: four counters, eight elements, at a time.
 *
 * Measured: 2.7 ns an element.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */

import { DropoutArgs } from "./generated/args";
import { loadTail, storeTail } from "./simd";
import { iteration, seedHigh, seedLow } from "./step";

const KEY_PARITY: i32 = 0x1bd11bda;

let word0: v128 = i32x4.splat(0);
let word1: v128 = i32x4.splat(0);

// @inline
function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

/** Encrypts four counters (c0, c1) under the key (k0, k1); the result is left in `word0` and `word1`. */
// biome-ignore format: a round on a line
function threefry4(k0: i32, k1: i32, c0: v128, c1: v128): void {
  const a = i32x4.splat(k0);
  const b = i32x4.splat(k1);
  const c = i32x4.splat(KEY_PARITY ^ k0 ^ k1);
  let x = i32x4.add(c0, a);
  let y = i32x4.add(c1, b);
  // Five times four rounds, the key injected after each four.
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 13), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 15), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 26), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 6), x);
  x = i32x4.add(x, b); y = i32x4.add(y, i32x4.add(c, i32x4.splat(1)));
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 17), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 29), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 16), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 24), x);
  x = i32x4.add(x, c); y = i32x4.add(y, i32x4.add(a, i32x4.splat(2)));
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 13), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 15), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 26), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 6), x);
  x = i32x4.add(x, a); y = i32x4.add(y, i32x4.add(b, i32x4.splat(3)));
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 17), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 29), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 16), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 24), x);
  x = i32x4.add(x, b); y = i32x4.add(y, i32x4.add(c, i32x4.splat(4)));
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 13), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 15), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 26), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 6), x);
  word0 = i32x4.add(x, c);
  word1 = i32x4.add(y, i32x4.add(a, i32x4.splat(5)));
}

export function dropout(args: DropoutArgs, task: i32): void {
  threefry4(seedLow(), seedHigh(), i32x4.splat(args.purpose), i32x4.splat(args.instance));
  const k0 = i32x4.extract_lane(word0, 0);
  const k1 = i32x4.extract_lane(word1, 0);
  const step = i32x4.splat(iteration());
  const threshold = i32x4.splat(args.threshold);
  const factor = f32x4.splat(args.factor);

  const first = task * args.block;
  const end = min(first + args.block, args.length);
  for (let i = first; i < end; i += 8) {
    threefry4(k0, k1, i32x4.add(i32x4.splat(i >> 1), i32x4(0, 1, 2, 3)), step);
    const even = i32x4.ge_u(word0, threshold);
    const odd = i32x4.ge_u(word1, threshold);
    const low = i8x16.shuffle(even, odd, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    const high = i8x16.shuffle(even, odd, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
    masked(args, i, min(4, end - i), low, factor);
    if (end - i > 4) masked(args, i + 4, min(4, end - i - 4), high, factor);
  }
}

// @inline
function masked(args: DropoutArgs, first: i32, count: i32, kept: v128, factor: v128): void {
  const offset = (<usize>first) << 2;
  if (count === 4) v128.store(args.y + offset, v128.and(f32x4.mul(v128.load(args.x + offset), factor), kept));
  else storeTail(args.y + offset, v128.and(f32x4.mul(loadTail(args.x + offset, count), factor), kept), count);
}
