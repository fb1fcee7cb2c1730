/**
 * dropout y[i] = word(i) >= threshold ? x[i] factor : 0, where words 2j and 2j + 1 are the two halves of Threefry-2x32 (20 rounds)
 * of the counter (j, iteration) under the layer's key, itself Threefry of (purpose, instance) under the seed; x, y: [length].
 * i counts from the first element of a batch, of which x may be a later part.
 * channelDropout y[n,p,c] = word(n C + c) >= threshold ? x[n,p,c] factor : 0; x, y: [N,P,C].
 *
 * Cost: 41 integer operations an element, 8 bytes; channelDropout is bound by memory. Idea: four counters, eight elements, at
 * a time, and an element by itself where a part begins in the middle of a counter; channelDropout makes a mask of the channels and then goes over the wide rows of channels.ts.
 *
 * Measured: 2.7 ns an element. Not measured yet: channelDropout.
 */

import { maskChannels, spread } from "./channels";
import { ChannelDropoutArgs, DropoutArgs } from "./generated/args";
import { loadTail, storeTail } from "./simd";
import { iteration, scratch, seedHigh, seedLow } from "./step";
import { threefry4, word0, word1 } from "./threefry";

export function dropout(args: DropoutArgs, task: i32): void {
  threefry4(seedLow(), seedHigh(), i32x4.splat(args.purpose), i32x4.splat(args.instance));
  const k0 = i32x4.extract_lane(word0, 0);
  const k1 = i32x4.extract_lane(word1, 0);
  const step = i32x4.splat(iteration());
  const threshold = i32x4.splat(args.threshold);
  const factor = f32x4.splat(args.factor);

  let first = task * args.block;
  const end = min(first + args.block, args.length);
  let pair = <i32>args.firstPair + (first >> 1);
  if (args.odd) {
    threefry4(k0, k1, i32x4.splat(pair), step);
    masked(args, first, 1, i32x4.ge_u(word1, threshold), factor);
    first++;
    pair++;
  }
  for (let i = first; i < end; i += 8, pair += 4) {
    threefry4(k0, k1, i32x4.add(i32x4.splat(pair), i32x4(0, 1, 2, 3)), step);
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

/** One task: a piece of a sample, whole wide rows. */
export function channelDropout(args: ChannelDropoutArgs, task: i32): void {
  const channels = args.channels;
  const n = task / args.pieces;
  const first = (task % args.pieces) * args.block;
  threefry4(seedLow(), seedHigh(), i32x4.splat(args.purpose), i32x4.splat(args.instance));
  const k0 = i32x4.extract_lane(word0, 0);
  const k1 = i32x4.extract_lane(word1, 0);
  const step = i32x4.splat(iteration());
  const threshold = i32x4.splat(args.threshold);

  // The table, and behind it the masks of whole pairs of words.
  const table = scratch();
  const masks = table + ((<usize>args.width) << 2) + 64;
  const word = args.odd + n * channels;
  const end = (word & 1) + channels;
  for (let i = 0; i < end; i += 8) {
    threefry4(k0, k1, i32x4.add(i32x4.splat(<i32>args.firstPair + ((word + i) >> 1)), i32x4(0, 1, 2, 3)), step);
    const even = i32x4.ge_u(word0, threshold);
    const odd = i32x4.ge_u(word1, threshold);
    const to = masks + ((<usize>i) << 2);
    v128.store(to, i8x16.shuffle(even, odd, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23));
    v128.store(to, i8x16.shuffle(even, odd, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31), 16);
  }
  memory.copy(table, masks + ((<usize>(word & 1)) << 2), (<usize>channels) << 2);
  spread(table, channels, args.width);

  const at = (<usize>(n * args.sampleSize + first)) << 2;
  const length = min(args.block, args.sampleSize - first);
  maskChannels(args.x + at, args.y + at, length, table, args.width, args.factor);
}
