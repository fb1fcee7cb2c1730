/**
 * depthwiseConv2dBackwardFilter dk[kh,kw,f] = sum over n,oh,ow of x[n, oh SH + kh DH - top, ow SW + kw DW - left, f / M]
 * dy[n,oh,ow,f]; x: [N,H,W,C], dy: [N,OH,OW,C M], dk: [KH,KW,C M], one sum for each task, which sumPartials adds up.
 *
 * Cost: 2 KH KW operations for each number of dy. One task is a block of samples and a block of channels. Idea: the bands of
 * depthwiseConv2d; four channels at a time with the nine sums of a 3 x 3 kernel in registers, so that each pixel of dy is read
 * once. Other kernels go tap by tap, four columns at a time.
 *
 * Measured on a shared machine, one thread: 3 x 3 over 56 x 56 x 64 39% of peak, over 14 x 14 x 256 33%, with strides of 2 17%;
 * 5 x 5 41%.
 */

import { copyNumbers, zeroNumbers } from "./copy";
import { fillBand } from "./depthwiseBand";
import { DepthwiseConv2dBackwardFilterArgs } from "./generated/args";
import { madd } from "./simd";
import { scratch } from "./step";

export function depthwiseConv2dBackwardFilter(args: DepthwiseConv2dBackwardFilterArgs, task: i32): void {
  const channelTask = task % args.channelTasks;
  const sampleTask = task / args.channelTasks;
  const f = channelTask * args.channelBlock;
  const count = min(args.channelBlock, args.F - f);
  const lanes = (count + 3) & ~3;
  const taps = args.KH * args.KW;
  const sums = scratch();
  const band = scratch() + <usize>args.bandOffset;
  zeroNumbers(sums, taps * lanes);
  const endSample = min((sampleTask + 1) * args.sampleBlock, args.N);
  const nine = args.KH === 3 && args.KW === 3;
  const step = (<usize>args.F) << 2;
  const M = args.M;
  for (let n = sampleTask * args.sampleBlock; n < endSample; n++) {
    const x = args.x + ((<usize>(n * args.H * args.W * args.C + f / M)) << 2);
    for (let firstRow = 0; firstRow < args.OH; firstRow += args.bandRows) {
      const rows = min(args.bandRows, args.OH - firstRow);
      const inputRows = (rows - 1) * args.strideH + (args.KH - 1) * args.dilationH + 1;
      const row = firstRow * args.strideH - args.top;
      fillBand(x, args.H, args.W, args.C, row, inputRows, args.left, args.columns, lanes, count / M, M, band);
      const dy = args.dy + <usize>((n * args.OH + firstRow) * args.OW) * step + ((<usize>f) << 2);
      for (let lane = 0; lane < lanes; lane += 4) {
        const at = (<usize>lane) << 2;
        if (nine) add3x3(args, band + at, dy + at, sums + at, lanes, rows);
        else addTaps(args, band + at, dy + at, sums + at, lanes, rows);
      }
    }
  }
  const partial = args.partials + <usize>(sampleTask * taps) * step + ((<usize>f) << 2);
  for (let t = 0; t < taps; t++) {
    copyNumbers(sums + <usize>t * ((<usize>lanes) << 2), partial + <usize>t * step, count);
  }
}

// @inline
function addTo(sum: usize, v: v128): void {
  v128.store(sum, f32x4.add(v128.load(sum), v));
}

function add3x3(
  args: DepthwiseConv2dBackwardFilterArgs,
  band: usize,
  dy: usize,
  sums: usize,
  lanes: i32,
  rows: i32,
): void {
  const pixel = (<usize>lanes) << 2;
  const rowBytes = <usize>args.columns * pixel;
  const down = <usize>args.dilationH * rowBytes;
  const right = <usize>args.dilationW * pixel;
  const across = <usize>args.strideW * pixel;
  const step = (<usize>args.F) << 2;
  const none = f32x4.splat(0);
  let s0 = none;
  let s1 = none;
  let s2 = none;
  let s3 = none;
  let s4 = none;
  let s5 = none;
  let s6 = none;
  let s7 = none;
  let s8 = none;
  const OW = args.OW;
  const strideH = args.strideH;
  const pairs = args.strideW === 1 && args.dilationW === 1;
  const two: usize = 2 * pixel;
  const three: usize = 3 * pixel;
  const twice: usize = 2 * right;
  for (let row = 0; row < rows; row++) {
    let p = band + <usize>(row * strideH) * rowBytes;
    let q = p + down;
    let s = q + down;
    let column = 0;
    if (pairs) {
      // Two columns at a time share half of what they read.
      for (; column + 2 <= OW; column += 2) {
        const g = v128.load(dy);
        const h = v128.load(dy + step);
        let u = v128.load(p + pixel);
        let v = v128.load(p + two);
        s0 = madd(u, h, madd(v128.load(p), g, s0));
        s1 = madd(v, h, madd(u, g, s1));
        s2 = madd(v128.load(p + three), h, madd(v, g, s2));
        u = v128.load(q + pixel);
        v = v128.load(q + two);
        s3 = madd(u, h, madd(v128.load(q), g, s3));
        s4 = madd(v, h, madd(u, g, s4));
        s5 = madd(v128.load(q + three), h, madd(v, g, s5));
        u = v128.load(s + pixel);
        v = v128.load(s + two);
        s6 = madd(u, h, madd(v128.load(s), g, s6));
        s7 = madd(v, h, madd(u, g, s7));
        s8 = madd(v128.load(s + three), h, madd(v, g, s8));
        p += two;
        q += two;
        s += two;
        dy += 2 * step;
      }
    }
    for (; column < OW; column++) {
      const g = v128.load(dy);
      s0 = madd(v128.load(p), g, s0);
      s1 = madd(v128.load(p + right), g, s1);
      s2 = madd(v128.load(p + twice), g, s2);
      s3 = madd(v128.load(q), g, s3);
      s4 = madd(v128.load(q + right), g, s4);
      s5 = madd(v128.load(q + twice), g, s5);
      s6 = madd(v128.load(s), g, s6);
      s7 = madd(v128.load(s + right), g, s7);
      s8 = madd(v128.load(s + twice), g, s8);
      p += across;
      q += across;
      s += across;
      dy += step;
    }
  }
  addTo(sums, s0);
  addTo(sums + pixel, s1);
  addTo(sums + 2 * pixel, s2);
  addTo(sums + 3 * pixel, s3);
  addTo(sums + 4 * pixel, s4);
  addTo(sums + 5 * pixel, s5);
  addTo(sums + 6 * pixel, s6);
  addTo(sums + 7 * pixel, s7);
  addTo(sums + 8 * pixel, s8);
}

function addTaps(
  args: DepthwiseConv2dBackwardFilterArgs,
  band: usize,
  dy: usize,
  sums: usize,
  lanes: i32,
  rows: i32,
): void {
  const pixel = (<usize>lanes) << 2;
  const rowBytes = <usize>args.columns * pixel;
  const across = <usize>args.strideW * pixel;
  const step = (<usize>args.F) << 2;
  const OW = args.OW;
  let sum = sums;
  for (let kh = 0; kh < args.KH; kh++) {
    for (let kw = 0; kw < args.KW; kw++) {
      let a = f32x4.splat(0);
      let b = a;
      let c = a;
      let d = a;
      let q = dy;
      for (let row = 0; row < rows; row++) {
        let p =
          band + <usize>(row * args.strideH + kh * args.dilationH) * rowBytes + <usize>(kw * args.dilationW) * pixel;
        let column = 0;
        for (; column + 4 <= OW; column += 4) {
          a = madd(v128.load(p), v128.load(q), a);
          b = madd(v128.load(p + across), v128.load(q + step), b);
          c = madd(v128.load(p + 2 * across), v128.load(q + 2 * step), c);
          d = madd(v128.load(p + 3 * across), v128.load(q + 3 * step), d);
          p += 4 * across;
          q += 4 * step;
        }
        for (; column < OW; column++) {
          a = madd(v128.load(p), v128.load(q), a);
          p += across;
          q += step;
        }
      }
      addTo(sum, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
      sum += pixel;
    }
  }
}
