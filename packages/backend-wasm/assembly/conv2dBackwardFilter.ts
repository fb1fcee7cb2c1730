/**
 * conv2dBackwardFilter dk[kh,kw,c,f] = sum over n,oh,ow of x[n, oh SH + kh DH - top, ow SW + kw DW - left, c] g[n,oh,ow,f]
 * and biasAddBackward db[f] = sum over n,oh,ow of g[n,oh,ow,f], g = dy f'(y) at the positions of the pooling's maxima.
 *
 * Cost: 2 KH KW C operations for each number of g that is not 0, against 2 OH OW F KH KW C a sample done densely. Idea: one
 * list for each output channel with the places of those numbers. The taps of a kernel row are contiguous in NHWC, so 24 of
 * them are summed up in 6 registers while the list is read: seven loads and a splat pay for 48 operations. Twelve sums were 1 to
 * 3% faster with Node 24 and 25 to 40% slower with Node 20 and 22, which keep half of them in memory.
 *
 * Sums run over a fixed block of samples; `sumFilterPartials` adds the blocks up in order and transposes [F, taps] to HWIO.
 *
 * Where a task has all channels of whole samples and output positions few filters with a gradient, the same lists serve the
 * input gradient as well (conv2dBackwardInputSmall.ts); otherwise that comes from conv2dBackwardInput.ts. Gradients of 3 x 3
 * kernels without a pooling behind them have a form of their own (conv2dWinogradBackwardFilter.ts).
 *
 * Measured for 13 x 13 x 32 to 64 behind 2 x 2 pooling and relu, 1,140 of 7,744 numbers of g not 0: lists 5, gradient of kernel
 * and bias 30 µs a sample; with nothing 0, 76% of peak. All three gradients there, one thread of Zen 4: 47 µs with Node 24, 59
 * with Node 20. The 3 x 3 kernel
 * over 28 x 28 x 1: 12 µs, 9 of them for the lists.
 */

import { buildChannelLists } from "./channelLists";
import { clearGradient, copyGradient, sampleBytes, scatterChannel } from "./conv2dBackwardInputSmall";
import { Conv2dBackwardFilterArgs, SumFilterPartialsArgs } from "./generated/args";
import { windowTable } from "./outputGradient";
import { bandColumns } from "./paddedBand";
import { madd } from "./simd";
import { scratch } from "./step";
import { transposeBlock, transposed0, transposed1, transposed2, transposed3 } from "./transposeBlock";

/** One task: some output channels over a block of samples. */
export function conv2dBackwardFilter(args: Conv2dBackwardFilterArgs, task: i32): void {
  const block = task / args.channelTasks;
  const firstChannel = (task % args.channelTasks) * args.channelBlock;
  const channels = min(args.channelBlock, args.F - firstChannel);
  const filterBytes = (<usize>(args.KH * args.runs * args.runPadded)) << 2;
  const partial = args.partials + <usize>(block * args.F + firstChannel) * filterBytes;
  memory.fill(partial, 0, <usize>channels * filterBytes);
  const bias = args.biasPartials !== 0 ? args.biasPartials + ((<usize>(block * args.F + firstChannel)) << 2) : 0;
  if (bias !== 0) memory.fill(bias, 0, (<usize>channels) << 2);

  const rowBytes = (<usize>(bandColumns(args) * args.C)) << 2;
  windowTable(args, scratch() + args.tableOffset, args.strideH * <i32>rowBytes, (args.strideW * args.C) << 2);
  const endSample = min((block + 1) * args.sampleBlock, args.N);
  for (let sample = block * args.sampleBlock; sample < endSample; sample += args.together) {
    const count = min(args.together, endSample - sample);
    for (let row = 0; row < args.GH; row += args.bandRows) {
      const rows = min(args.bandRows, args.GH - row);
      const base = buildChannelLists(args, sample, count, row, rows, firstChannel, channels, bias);
      const dx = args.dx !== 0 ? clearGradient(args, sample, count) : 0;
      for (let f = 0; f < channels; f++) {
        const list = scratch() + args.listsOffset + ((<usize>(f * args.capacity)) << 3);
        const end = load<usize>(scratch() + args.endsOffset + ((<usize>f) << 2));
        if (list !== end) {
          const offset = <usize>f * filterBytes;
          sumList(args, list, end, base, rowBytes, partial + offset);
          if (dx !== 0) scatterChannel(args, list, end, dx, rowBytes, args.filters + offset);
        }
      }
      if (dx !== 0 && args.copied) {
        for (let s = 0; s < count; s++) copyGradient(args, sample + s, dx + <usize>s * sampleBytes(args), rowBytes);
      }
    }
  }
}

/** Adds a list's products to one filter: every run of taps in pieces of 48, 16 and 4 numbers. */
function sumList(
  args: Conv2dBackwardFilterArgs,
  list: usize,
  end: usize,
  base: usize,
  rowBytes: usize,
  filter: usize,
): void {
  if (args.KH === 3 && args.runs === 1 && args.runPadded <= 12) {
    const line = <usize>args.dilationH * rowBytes;
    if (args.runPadded === 4) {
      sum3x4(list, end, base, line, filter);
      return;
    }
    if (args.runPadded === 12) {
      sum3x12(list, end, base, line, filter);
      return;
    }
  }
  for (let kh = 0; kh < args.KH; kh++) {
    for (let r = 0; r < args.runs; r++) {
      let x = base + <usize>(kh * args.dilationH) * rowBytes + ((<usize>(r * args.dilationW * args.C)) << 2);
      let left = args.runPadded;
      while (left >= 24) {
        sum24(list, end, x, filter);
        x += 96;
        filter += 96;
        left -= 24;
      }
      while (left >= 16) {
        sum16(list, end, x, filter);
        x += 64;
        filter += 64;
        left -= 16;
      }
      while (left > 0) {
        sum4(list, end, x, filter);
        x += 16;
        filter += 16;
        left -= 4;
      }
    }
  }
}

/** The nine taps of a 3 x 3 kernel over one channel: three rows in three registers, the fourth lane unused. */
function sum3x4(list: usize, end: usize, x: usize, line: usize, o: usize): void {
  let a = v128.load(o),
    b = v128.load(o, 16),
    c = v128.load(o, 32);
  const line2 = <usize>2 * line;
  while (list !== end) {
    const p = x + load<usize>(list);
    const g = v128.load32_splat(list, 4);
    a = madd(g, v128.load(p), a);
    b = madd(g, v128.load(p + line), b);
    c = madd(g, v128.load(p + line2), c);
    list += 8;
  }
  v128.store(o, a);
  v128.store(o, b, 16);
  v128.store(o, c, 32);
}

/** Three rows of 12 taps: a 3 x 3 kernel over three or four channels. */
// biome-ignore format: a row of the kernel on a line
function sum3x12(list: usize, end: usize, x: usize, line: usize, o: usize): void {
  let a0 = v128.load(o), a1 = v128.load(o, 16), a2 = v128.load(o, 32);
  let b0 = v128.load(o, 48), b1 = v128.load(o, 64), b2 = v128.load(o, 80);
  let c0 = v128.load(o, 96), c1 = v128.load(o, 112), c2 = v128.load(o, 128);
  while (list !== end) {
    let p = x + load<usize>(list);
    const g = v128.load32_splat(list, 4);
    a0 = madd(g, v128.load(p), a0); a1 = madd(g, v128.load(p, 16), a1); a2 = madd(g, v128.load(p, 32), a2);
    p += line;
    b0 = madd(g, v128.load(p), b0); b1 = madd(g, v128.load(p, 16), b1); b2 = madd(g, v128.load(p, 32), b2);
    p += line;
    c0 = madd(g, v128.load(p), c0); c1 = madd(g, v128.load(p, 16), c1); c2 = madd(g, v128.load(p, 32), c2);
    list += 8;
  }
  v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32);
  v128.store(o, b0, 48); v128.store(o, b1, 64); v128.store(o, b2, 80);
  v128.store(o, c0, 96); v128.store(o, c1, 112); v128.store(o, c2, 128);
}

function sum24(list: usize, end: usize, x: usize, o: usize): void {
  let a0 = v128.load(o),
    a1 = v128.load(o, 16),
    a2 = v128.load(o, 32),
    a3 = v128.load(o, 48),
    a4 = v128.load(o, 64),
    a5 = v128.load(o, 80);
  while (list !== end) {
    const p = x + load<usize>(list);
    const g = v128.load32_splat(list, 4);
    a0 = madd(g, v128.load(p), a0);
    a1 = madd(g, v128.load(p, 16), a1);
    a2 = madd(g, v128.load(p, 32), a2);
    a3 = madd(g, v128.load(p, 48), a3);
    a4 = madd(g, v128.load(p, 64), a4);
    a5 = madd(g, v128.load(p, 80), a5);
    list += 8;
  }
  v128.store(o, a0);
  v128.store(o, a1, 16);
  v128.store(o, a2, 32);
  v128.store(o, a3, 48);
  v128.store(o, a4, 64);
  v128.store(o, a5, 80);
}

function sum16(list: usize, end: usize, x: usize, o: usize): void {
  let a0 = v128.load(o),
    a1 = v128.load(o, 16),
    a2 = v128.load(o, 32),
    a3 = v128.load(o, 48);
  while (list !== end) {
    const p = x + load<usize>(list);
    const g = v128.load32_splat(list, 4);
    a0 = madd(g, v128.load(p), a0);
    a1 = madd(g, v128.load(p, 16), a1);
    a2 = madd(g, v128.load(p, 32), a2);
    a3 = madd(g, v128.load(p, 48), a3);
    list += 8;
  }
  v128.store(o, a0);
  v128.store(o, a1, 16);
  v128.store(o, a2, 32);
  v128.store(o, a3, 48);
}

function sum4(list: usize, end: usize, x: usize, o: usize): void {
  let a = v128.load(o);
  while (list !== end) {
    a = madd(v128.load32_splat(list, 4), v128.load(x + load<usize>(list)), a);
    list += 8;
  }
  v128.store(o, a);
}

/** dk = the sum of the blocks, transposed. One task: four output channels. */
export function sumFilterPartials(args: SumFilterPartialsArgs, task: i32): void {
  const F = args.F;
  const firstChannel = task * 4;
  const channels = min(4, F - firstChannel);
  const filterBytes = (<usize>(args.rows * args.runPadded)) << 2;
  const blockBytes = <usize>F * filterBytes;
  const outStride = (<usize>F) << 2;
  const f0 = args.partials + <usize>firstChannel * filterBytes;
  const f1 = f0 + <usize>min(1, channels - 1) * filterBytes;
  const f2 = f0 + <usize>min(2, channels - 1) * filterBytes;
  const f3 = f0 + <usize>min(3, channels - 1) * filterBytes;
  for (let row = 0; row < args.rows; row++) {
    for (let i = 0; i < args.run; i += 4) {
      let at = (<usize>(row * args.runPadded + i)) << 2;
      let s0 = f32x4.splat(0),
        s1 = s0,
        s2 = s0,
        s3 = s0;
      for (let block = 0; block < args.blocks; block++) {
        s0 = f32x4.add(s0, v128.load(f0 + at));
        s1 = f32x4.add(s1, v128.load(f1 + at));
        s2 = f32x4.add(s2, v128.load(f2 + at));
        s3 = f32x4.add(s3, v128.load(f3 + at));
        at += blockBytes;
      }
      transposeBlock(s0, s1, s2, s3);
      const taps = min(4, args.run - i);
      const to = args.kernel + <usize>(row * args.run + i) * outStride + ((<usize>firstChannel) << 2);
      storeChannels(to, transposed0, channels);
      if (taps > 1) storeChannels(to + outStride, transposed1, channels);
      if (taps > 2) storeChannels(to + 2 * outStride, transposed2, channels);
      if (taps > 3) storeChannels(to + 3 * outStride, transposed3, channels);
    }
  }
}

// @inline
function storeChannels(to: usize, v: v128, channels: i32): void {
  if (channels === 4) {
    v128.store(to, v);
    return;
  }
  store<f32>(to, f32x4.extract_lane(v, 0));
  if (channels > 1) store<f32>(to, f32x4.extract_lane(v, 1), 4);
  if (channels > 2) store<f32>(to, f32x4.extract_lane(v, 2), 8);
}
