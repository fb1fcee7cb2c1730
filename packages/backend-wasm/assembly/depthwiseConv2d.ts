/**
 * depthwiseConv2d y[n,oh,ow,f] = sum over kh,kw of x[n, oh SH + kh DH - top, ow SW + kw DW - left, f / M] k[kh,kw,f], where f = c
 * M + m, with a bias and an elementwise function behind it where asked for; x: [N,H,W,C], k: [KH,KW,C M], y: [N,OH,OW,C M].
 * With strides of 1 the gradient of the input is the same over dy with the kernel turned round, and the M numbers of a
 * channel added up (`fold`).
 *
 * Cost: 2 KH KW operations an output and 4 bytes of input and output: with 3 x 3 about as fast as memory. One task is a band of rows
 * of a block of channels. Idea: the band is copied to scratch memory with its padding; there four channels at a time go
 * through it, with the nine weights of a 3 x 3 kernel in registers and two outputs side by side, which share half of what
 * they read. Other kernels take four outputs a tap.
 *
 * Measured on a shared machine, one thread: 3 x 3 over 56 x 56 x 64 41% of peak, over 14 x 14 x 256 31%, with strides of 2 19%;
 * 5 x 5 50%. A batch normalization with relu6 behind it costs 2 to 7%, as passes of its own 35 to 85%.
 */

import { fillBand, foldLanes } from "./depthwiseBand";
import { DepthwiseConv2dArgs } from "./generated/args";
import { UNARY_NONE, UNARY_RELU, UNARY_RELU6 } from "./generated/constants";
import { madd, storeTail } from "./simd";
import { scratch } from "./step";
import { unaryInPlace } from "./unary";

export function depthwiseConv2d(args: DepthwiseConv2dArgs, task: i32): void {
  const band = task % args.bands;
  const rest = task / args.bands;
  const channelTask = rest % args.channelTasks;
  const n = rest / args.channelTasks;
  const firstRow = band * args.bandRows;
  const rows = min(args.bandRows, args.OH - firstRow);
  const f = channelTask * args.channelBlock;
  const count = min(args.channelBlock, args.F - f);
  const lanes = (count + 3) & ~3;
  const inputRows = (rows - 1) * args.strideH + (args.KH - 1) * args.dilationH + 1;
  const x = args.x + ((<usize>(n * args.H * args.W * args.inputPixel + f / args.expand)) << 2);
  const space = scratch();
  const row = firstRow * args.strideH - args.top;
  const expand = args.expand;
  fillBand(
    x,
    args.H,
    args.W,
    args.inputPixel,
    row,
    inputRows,
    args.left,
    args.columns,
    lanes,
    count / expand,
    expand,
    space,
  );

  const outputPixel = (<usize>args.outputPixel) << 2;
  const pixels = args.OW;
  const fold = args.fold;
  const y = args.y + <usize>((n * args.OH + firstRow) * pixels) * outputPixel + ((<usize>(f / fold)) << 2);
  if (fold === 1) {
    const bias = args.bias !== 0 ? args.bias + ((<usize>f) << 2) : 0;
    correlate(args, space, lanes, count, args.kernel + ((<usize>f) << 2), bias, y, outputPixel, rows);
    return;
  }
  const sums = scratch() + <usize>args.sumsOffset;
  const laneBytes = (<usize>lanes) << 2;
  correlate(args, space, lanes, lanes, args.kernel + ((<usize>f) << 2), 0, sums, laneBytes, rows);
  for (let i = 0; i < rows * pixels; i++) {
    foldLanes(sums + <usize>i * laneBytes, y + <usize>i * outputPixel, count / fold, fold);
  }
}

/** The outputs of a band, `count` channels of each pixel; `step` bytes from one pixel of y to the next. */
function correlate(
  args: DepthwiseConv2dArgs,
  band: usize,
  lanes: i32,
  count: i32,
  kernel: usize,
  bias: usize,
  y: usize,
  step: usize,
  rows: i32,
): void {
  const floor = f32x4.splat(args.unary === UNARY_RELU || args.unary === UNARY_RELU6 ? 0 : -Infinity);
  const ceiling = f32x4.splat(args.unary === UNARY_RELU6 ? 6 : Infinity);
  const plain = bias === 0 && args.unary === UNARY_NONE;
  const nine = args.KH === 3 && args.KW === 3;
  const down = <usize>(args.strideH * args.columns * lanes) * 4;
  const rowBytes = <usize>args.OW * step;
  // A row at a time: lines of y are full before they leave the cache.
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < count; c += 4) {
      const at = (<usize>c) << 2;
      const used = min(4, count - c);
      const start = bias !== 0 ? v128.load(bias + at) : f32x4.splat(0);
      if (nine && plain) correlatePlain3x3(args, band + at, lanes, kernel + at, y + at, step, used);
      else if (nine) correlateFused3x3(args, band + at, lanes, kernel + at, start, floor, ceiling, y + at, step, used);
      else correlateTaps(args, band + at, lanes, kernel + at, start, floor, ceiling, y + at, step, used);
    }
    if (args.unary > UNARY_RELU6) {
      for (let pixel = 0; pixel < args.OW; pixel++) {
        unaryInPlace(y + <usize>pixel * step, count, args.unary, args.alpha);
      }
    }
    band += down;
    y += rowBytes;
  }
}

// @inline
function first(fused: bool, x: v128, weight: v128, start: v128): v128 {
  return fused ? madd(x, weight, start) : f32x4.mul(x, weight);
}

// @inline
function keep(fused: bool, to: usize, sum: v128, floor: v128, ceiling: v128, count: i32): void {
  const v = fused ? f32x4.pmin(f32x4.pmax(sum, floor), ceiling) : sum;
  if (count === 4) v128.store(to, v);
  else storeTail(to, v, count);
}

// Without bias and function the nine weights and two sums leave no register for them.

/** A row of four channels with nothing behind it. */
function correlatePlain3x3(
  args: DepthwiseConv2dArgs,
  band: usize,
  lanes: i32,
  kernel: usize,
  y: usize,
  step: usize,
  count: i32,
): void {
  const none = f32x4.splat(0);
  correlate3x3(false, args, band, lanes, kernel, none, none, none, y, step, count);
}

/** A row of four channels: sums from `start`, kept between floor and ceiling. */
function correlateFused3x3(
  args: DepthwiseConv2dArgs,
  band: usize,
  lanes: i32,
  kernel: usize,
  start: v128,
  floor: v128,
  ceiling: v128,
  y: usize,
  step: usize,
  count: i32,
): void {
  correlate3x3(true, args, band, lanes, kernel, start, floor, ceiling, y, step, count);
}

// @inline
function correlate3x3(
  fused: bool,
  args: DepthwiseConv2dArgs,
  band: usize,
  lanes: i32,
  kernel: usize,
  start: v128,
  floor: v128,
  ceiling: v128,
  y: usize,
  step: usize,
  count: i32,
): void {
  const tap: isize = (<isize>args.tapStride) << 2;
  // biome-ignore format: a row of the kernel on a line
  const w0 = v128.load(kernel), w1 = v128.load(kernel + tap), w2 = v128.load(kernel + 2 * tap);
  // biome-ignore format: a row of the kernel on a line
  const w3 = v128.load(kernel + 3 * tap), w4 = v128.load(kernel + 4 * tap), w5 = v128.load(kernel + 5 * tap);
  // biome-ignore format: a row of the kernel on a line
  const w6 = v128.load(kernel + 6 * tap), w7 = v128.load(kernel + 7 * tap), w8 = v128.load(kernel + 8 * tap);
  const pixel = (<usize>lanes) << 2;
  const down = <usize>(args.dilationH * args.columns) * pixel;
  const right = <usize>args.dilationW * pixel;
  const across = <usize>args.strideW * pixel;
  const OW = args.OW;
  let p = band;
  let q = p + down;
  let s = q + down;
  let column = 0;
  if (args.strideW === 1 && args.dilationW === 1) {
    const two: usize = 2 * pixel;
    const three: usize = 3 * pixel;
    for (; column + 2 <= OW; column += 2) {
      let u = v128.load(p);
      let v = v128.load(p + pixel);
      let a = first(fused, u, w0, start);
      let b = first(fused, v, w0, start);
      a = madd(v, w1, a);
      u = v128.load(p + two);
      v = v128.load(p + three);
      a = madd(u, w2, a);
      b = madd(u, w1, b);
      b = madd(v, w2, b);
      u = v128.load(q);
      v = v128.load(q + pixel);
      a = madd(u, w3, a);
      b = madd(v, w3, b);
      a = madd(v, w4, a);
      u = v128.load(q + two);
      v = v128.load(q + three);
      a = madd(u, w5, a);
      b = madd(u, w4, b);
      b = madd(v, w5, b);
      u = v128.load(s);
      v = v128.load(s + pixel);
      a = madd(u, w6, a);
      b = madd(v, w6, b);
      a = madd(v, w7, a);
      u = v128.load(s + two);
      v = v128.load(s + three);
      a = madd(u, w8, a);
      b = madd(u, w7, b);
      b = madd(v, w8, b);
      keep(fused, y, a, floor, ceiling, count);
      keep(fused, y + step, b, floor, ceiling, count);
      y += 2 * step;
      p += two;
      q += two;
      s += two;
    }
  }
  const twice: usize = 2 * right;
  for (; column < OW; column++) {
    let a = first(fused, v128.load(p), w0, start);
    a = madd(v128.load(p + right), w1, a);
    a = madd(v128.load(p + twice), w2, a);
    a = madd(v128.load(q), w3, a);
    a = madd(v128.load(q + right), w4, a);
    a = madd(v128.load(q + twice), w5, a);
    a = madd(v128.load(s), w6, a);
    a = madd(v128.load(s + right), w7, a);
    a = madd(v128.load(s + twice), w8, a);
    keep(fused, y, a, floor, ceiling, count);
    y += step;
    p += across;
    q += across;
    s += across;
  }
}

/** A row of four channels with any kernel: four outputs at a time, tap by tap. */
function correlateTaps(
  args: DepthwiseConv2dArgs,
  band: usize,
  lanes: i32,
  kernel: usize,
  start: v128,
  floor: v128,
  ceiling: v128,
  y: usize,
  step: usize,
  count: i32,
): void {
  const tap: isize = (<isize>args.tapStride) << 2;
  const pixel = (<usize>lanes) << 2;
  const down = <usize>(args.dilationH * args.columns) * pixel;
  const across = <usize>args.strideW * pixel;
  const right = <usize>args.dilationW * pixel;
  const KH = args.KH;
  const KW = args.KW;
  const OW = args.OW;
  for (let column = 0; column < OW; column += 4) {
    const outputs = min(4, OW - column);
    const second = outputs > 1 ? across : 0;
    const third = outputs > 2 ? second + across : second;
    const fourth = outputs > 3 ? third + across : third;
    let a = start;
    let b = a;
    let c = a;
    let d = a;
    let w = kernel;
    let line = band;
    for (let kh = 0; kh < KH; kh++) {
      let p = line;
      for (let kw = 0; kw < KW; kw++) {
        const weight = v128.load(w);
        a = madd(v128.load(p), weight, a);
        b = madd(v128.load(p + second), weight, b);
        c = madd(v128.load(p + third), weight, c);
        d = madd(v128.load(p + fourth), weight, d);
        w += tap;
        p += right;
      }
      line += down;
    }
    keep(true, y, a, floor, ceiling, count);
    if (outputs > 1) keep(true, y + step, b, floor, ceiling, count);
    if (outputs > 2) keep(true, y + 2 * step, c, floor, ceiling, count);
    if (outputs > 3) keep(true, y + 3 * step, d, floor, ceiling, count);
    y += 4 * step;
    band += 4 * across;
  }
}
