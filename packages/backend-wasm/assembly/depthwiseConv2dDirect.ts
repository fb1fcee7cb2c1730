/**
 * depthwiseConv2d (see depthwiseConv2d.ts) of kernels 3 or 5 wide without dilation, one output channel for each input channel,
 * columns 1 or 2 apart; with strides of 1 also the gradient of the input.
 *
 * Cost: 2 KH KW operations an output: 18 for 8 bytes with 3 x 3 and strides of 1, so that arithmetic bounds it, 18 for 20
 * bytes with strides of 2. One task is a band of rows of a block of channels. Idea: the image is read where it lies, channels
 * innermost, so that memory is read in order; four outputs side by side share what they read and the weights of a row of the
 * kernel, which are packed [quad of channels][tap][4]. Windows that reach over the edge go by themselves, their taps clipped.
 *
 * Measured against the kernel of depthwiseConv2d.ts, which copies a band of rows first (one thread, Node 24, batch 8, in turns): 56x56x64 3x3 1.5
 * times as fast, with strides of 2 1.2 times, 28x28x96 5x5 1.25 and 1.6 times: 43, 30, 59 and 55% of the larger of arithmetic at
 * peak and a copy in cache. Images of 4x4 are slower.
 */

import { DepthwiseConv2dDirectArgs } from "./generated/args";
import { UNARY_RELU, UNARY_RELU6 } from "./generated/constants";
import { madd, storeTail } from "./simd";
import { scratch } from "./step";
import { unaryInPlace } from "./unary";

/** Packs the weights of `count` channels: [quad][tap][4]. Lanes without a channel hold anything. */
export function packTaps(kernel: usize, taps: i32, tapStride: i32, count: i32, to: usize): void {
  const stride = (<isize>tapStride) << 2;
  for (let c = 0; c < count; c += 4) {
    let from = kernel + ((<usize>c) << 2);
    for (let t = 0; t < taps; t++) {
      v128.store(to, v128.load(from));
      from += stride;
      to += 16;
    }
  }
}

export function depthwiseConv2dDirect(args: DepthwiseConv2dDirectArgs, task: i32): void {
  const band = task % args.bands;
  const rest = task / args.bands;
  const f = (rest % args.channelTasks) * args.channelBlock;
  const n = rest / args.channelTasks;
  const endRow = min((band + 1) * args.bandRows, args.OH);
  const count = min(args.channelBlock, args.F - f);
  const KH = args.KH;
  const KW = args.KW;
  const H = args.H;
  const W = args.W;
  const OW = args.OW;
  const left = args.left;
  const across = args.strideW;
  const at = (<usize>f) << 2;
  const pixel = (<usize>args.F) << 2;
  const rowBytes = <usize>W * pixel;
  const weights = scratch();
  packTaps(args.kernel + at, KH * KW, args.tapStride, count, weights);
  const bias = args.bias !== 0 ? args.bias + at : 0;
  const floor: f32 = args.unary === UNARY_RELU || args.unary === UNARY_RELU6 ? 0 : -Infinity;
  const ceiling: f32 = args.unary === UNARY_RELU6 ? 6 : Infinity;
  const x = args.x + at + <usize>(n * H) * rowBytes;
  // Windows of these columns lie inside.
  const inner = min(OW, (left + across - 1) / across);
  const innerEnd = W + left < KW ? inner : max(inner, min(OW, (W + left - KW) / across + 1));

  for (let oh = band * args.bandRows; oh < endRow; oh++) {
    const row = oh * args.strideH - args.top;
    const firstTap = min(KH, max(0, -row));
    const taps = max(0, min(KH, H - row) - firstTap);
    const w = weights + ((<usize>(firstTap * KW)) << 4);
    const line = x + <usize>(row + firstTap) * rowBytes;
    const y = args.y + at + <usize>((n * args.OH + oh) * OW) * pixel;
    let column = 0;
    while (column < OW) {
      const to = y + <usize>column * pixel;
      const start = column * across - left;
      const from = line + <usize>start * pixel;
      const inside = column >= inner && column < innerEnd;
      // The last four begin earlier where that repeats two outputs at most.
      const back = inside ? max(0, column + 4 - innerEnd) : 4;
      if (back <= 2 && column - back >= inner) {
        const first = from - <usize>(back * across) * pixel;
        const out = to - <usize>back * pixel;
        if (KW === 3 && across === 1) four3(first, rowBytes, pixel, taps, w, KH, bias, floor, ceiling, out, count);
        else if (KW === 3) four3By2(first, rowBytes, pixel, taps, w, KH, bias, floor, ceiling, out, count);
        else if (across === 1) four5(first, rowBytes, pixel, taps, w, KH, bias, floor, ceiling, out, count);
        else four5By2(first, rowBytes, pixel, taps, w, KH, bias, floor, ceiling, out, count);
        column += 4 - back;
      } else {
        const skip = min(KW, max(0, -start));
        const width = max(0, min(KW, W - start) - skip);
        one(
          from + <usize>skip * pixel,
          rowBytes,
          pixel,
          taps,
          width,
          w + ((<usize>skip) << 4),
          args,
          bias,
          floor,
          ceiling,
          to,
          count,
        );
        column++;
      }
    }
    if (args.unary > UNARY_RELU6) {
      for (let p = 0; p < OW; p++) unaryInPlace(y + <usize>p * pixel, count, args.unary, args.alpha);
    }
  }
}

// @inline
function keep(to: usize, sum: v128, floor: v128, ceiling: v128, count: i32): void {
  const v = f32x4.pmin(f32x4.pmax(sum, floor), ceiling);
  if (count >= 4) v128.store(to, v);
  else storeTail(to, v, count);
}

/** One output of all channels, from `taps` rows of `width` pixels. */
function one(
  x: usize,
  rowBytes: usize,
  pixel: usize,
  taps: i32,
  width: i32,
  weights: usize,
  args: DepthwiseConv2dDirectArgs,
  bias: usize,
  floor: f32,
  ceiling: f32,
  y: usize,
  count: i32,
): void {
  const low = f32x4.splat(floor);
  const high = f32x4.splat(ceiling);
  const weightRow = (<usize>args.KW) << 4;
  const quad = weightRow * <usize>args.KH;
  for (let c = 0; c < count; c += 4) {
    let sum = bias !== 0 ? v128.load(bias + ((<usize>c) << 2)) : f32x4.splat(0);
    let line = x;
    let row = weights;
    for (let kh = 0; kh < taps; kh++) {
      let p = line;
      let w = row;
      for (let kw = 0; kw < width; kw++) {
        sum = madd(v128.load(p), v128.load(w), sum);
        p += pixel;
        w += 16;
      }
      line += rowBytes;
      row += weightRow;
    }
    keep(y, sum, low, high, count - c);
    x += 16;
    y += 16;
    weights += quad;
  }
}

// Functions of their own: within the loop over columns engines keep too few of the sums in registers, which takes twice as long.

function four3(
  x: usize,
  rowBytes: usize,
  pixel: usize,
  taps: i32,
  weights: usize,
  KH: i32,
  bias: usize,
  floor: f32,
  ceiling: f32,
  y: usize,
  count: i32,
): void {
  four(3, 1, x, rowBytes, pixel, taps, weights, KH, bias, floor, ceiling, y, count);
}

function four3By2(
  x: usize,
  rowBytes: usize,
  pixel: usize,
  taps: i32,
  weights: usize,
  KH: i32,
  bias: usize,
  floor: f32,
  ceiling: f32,
  y: usize,
  count: i32,
): void {
  four(3, 2, x, rowBytes, pixel, taps, weights, KH, bias, floor, ceiling, y, count);
}

function four5(
  x: usize,
  rowBytes: usize,
  pixel: usize,
  taps: i32,
  weights: usize,
  KH: i32,
  bias: usize,
  floor: f32,
  ceiling: f32,
  y: usize,
  count: i32,
): void {
  four(5, 1, x, rowBytes, pixel, taps, weights, KH, bias, floor, ceiling, y, count);
}

function four5By2(
  x: usize,
  rowBytes: usize,
  pixel: usize,
  taps: i32,
  weights: usize,
  KH: i32,
  bias: usize,
  floor: f32,
  ceiling: f32,
  y: usize,
  count: i32,
): void {
  four(5, 2, x, rowBytes, pixel, taps, weights, KH, bias, floor, ceiling, y, count);
}

/** `sum` and what a pixel adds to it through a tap of a row of the kernel; `tap` and `KW` are known when this is compiled. */
// @inline
function share(u: v128, tap: i32, KW: i32, w0: v128, w1: v128, w2: v128, w3: v128, w4: v128, sum: v128): v128 {
  if (tap < 0 || tap >= KW) return sum;
  return madd(u, tap === 0 ? w0 : tap === 1 ? w1 : tap === 2 ? w2 : tap === 3 ? w3 : w4, sum);
}

/** Four outputs side by side of all channels, `across` columns apart. Inlined with numbers for `KW` and `across`, which leave no branch. */
// @inline
function four(
  KW: i32,
  across: i32,
  x: usize,
  rowBytes: usize,
  pixel: usize,
  taps: i32,
  weights: usize,
  KH: i32,
  bias: usize,
  floor: f32,
  ceiling: f32,
  y: usize,
  count: i32,
): void {
  const span = 3 * across + KW;
  const low = f32x4.splat(floor);
  const high = f32x4.splat(ceiling);
  const quad = (<usize>(KH * KW)) << 4;
  for (let i = 0; i < count; i += 4) {
    let a = bias !== 0 ? v128.load(bias + ((<usize>i) << 2)) : f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let line = x;
    let w = weights;
    for (let kh = 0; kh < taps; kh++) {
      const w0 = v128.load(w);
      const w1 = v128.load(w, 16);
      const w2 = v128.load(w, 32);
      const w3 = KW > 3 ? v128.load(w, 48) : w2;
      const w4 = KW > 3 ? v128.load(w, 64) : w2;
      let p = line;
      let u: v128;
      if (span > 0) {
        u = v128.load(p);
        a = share(u, 0, KW, w0, w1, w2, w3, w4, a);
        b = share(u, 0 - across, KW, w0, w1, w2, w3, w4, b);
        c = share(u, 0 - 2 * across, KW, w0, w1, w2, w3, w4, c);
        d = share(u, 0 - 3 * across, KW, w0, w1, w2, w3, w4, d);
        p += pixel;
      }
      if (span > 1) {
        u = v128.load(p);
        a = share(u, 1, KW, w0, w1, w2, w3, w4, a);
        b = share(u, 1 - across, KW, w0, w1, w2, w3, w4, b);
        c = share(u, 1 - 2 * across, KW, w0, w1, w2, w3, w4, c);
        d = share(u, 1 - 3 * across, KW, w0, w1, w2, w3, w4, d);
        p += pixel;
      }
      if (span > 2) {
        u = v128.load(p);
        a = share(u, 2, KW, w0, w1, w2, w3, w4, a);
        b = share(u, 2 - across, KW, w0, w1, w2, w3, w4, b);
        c = share(u, 2 - 2 * across, KW, w0, w1, w2, w3, w4, c);
        d = share(u, 2 - 3 * across, KW, w0, w1, w2, w3, w4, d);
        p += pixel;
      }
      if (span > 3) {
        u = v128.load(p);
        a = share(u, 3, KW, w0, w1, w2, w3, w4, a);
        b = share(u, 3 - across, KW, w0, w1, w2, w3, w4, b);
        c = share(u, 3 - 2 * across, KW, w0, w1, w2, w3, w4, c);
        d = share(u, 3 - 3 * across, KW, w0, w1, w2, w3, w4, d);
        p += pixel;
      }
      if (span > 4) {
        u = v128.load(p);
        a = share(u, 4, KW, w0, w1, w2, w3, w4, a);
        b = share(u, 4 - across, KW, w0, w1, w2, w3, w4, b);
        c = share(u, 4 - 2 * across, KW, w0, w1, w2, w3, w4, c);
        d = share(u, 4 - 3 * across, KW, w0, w1, w2, w3, w4, d);
        p += pixel;
      }
      if (span > 5) {
        u = v128.load(p);
        a = share(u, 5, KW, w0, w1, w2, w3, w4, a);
        b = share(u, 5 - across, KW, w0, w1, w2, w3, w4, b);
        c = share(u, 5 - 2 * across, KW, w0, w1, w2, w3, w4, c);
        d = share(u, 5 - 3 * across, KW, w0, w1, w2, w3, w4, d);
        p += pixel;
      }
      if (span > 6) {
        u = v128.load(p);
        a = share(u, 6, KW, w0, w1, w2, w3, w4, a);
        b = share(u, 6 - across, KW, w0, w1, w2, w3, w4, b);
        c = share(u, 6 - 2 * across, KW, w0, w1, w2, w3, w4, c);
        d = share(u, 6 - 3 * across, KW, w0, w1, w2, w3, w4, d);
        p += pixel;
      }
      if (span > 7) {
        u = v128.load(p);
        a = share(u, 7, KW, w0, w1, w2, w3, w4, a);
        b = share(u, 7 - across, KW, w0, w1, w2, w3, w4, b);
        c = share(u, 7 - 2 * across, KW, w0, w1, w2, w3, w4, c);
        d = share(u, 7 - 3 * across, KW, w0, w1, w2, w3, w4, d);
        p += pixel;
      }
      if (span > 8) {
        u = v128.load(p);
        a = share(u, 8, KW, w0, w1, w2, w3, w4, a);
        b = share(u, 8 - across, KW, w0, w1, w2, w3, w4, b);
        c = share(u, 8 - 2 * across, KW, w0, w1, w2, w3, w4, c);
        d = share(u, 8 - 3 * across, KW, w0, w1, w2, w3, w4, d);
        p += pixel;
      }
      if (span > 9) {
        u = v128.load(p);
        a = share(u, 9, KW, w0, w1, w2, w3, w4, a);
        b = share(u, 9 - across, KW, w0, w1, w2, w3, w4, b);
        c = share(u, 9 - 2 * across, KW, w0, w1, w2, w3, w4, c);
        d = share(u, 9 - 3 * across, KW, w0, w1, w2, w3, w4, d);
        p += pixel;
      }
      if (span > 10) {
        u = v128.load(p);
        a = share(u, 10, KW, w0, w1, w2, w3, w4, a);
        b = share(u, 10 - across, KW, w0, w1, w2, w3, w4, b);
        c = share(u, 10 - 2 * across, KW, w0, w1, w2, w3, w4, c);
        d = share(u, 10 - 3 * across, KW, w0, w1, w2, w3, w4, d);
        p += pixel;
      }
      line += rowBytes;
      w += (<usize>KW) << 4;
    }
    const left = count - i;
    keep(y, a, low, high, left);
    keep(y + pixel, b, low, high, left);
    keep(y + 2 * pixel, c, low, high, left);
    keep(y + 3 * pixel, d, low, high, left);
    x += 16;
    y += 16;
    weights += quad;
  }
}
