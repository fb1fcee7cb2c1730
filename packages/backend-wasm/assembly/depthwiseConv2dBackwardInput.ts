/**
 * depthwiseConv2dBackwardInput with strides above 1 (with 1 see depthwiseConv2d.ts): dx[n,h,w,c] = sum over m and all (oh,kh),
 * (ow,kw) that read (h,w) of dy[n,oh,ow,c M + m] k[kh,kw,c M + m]; dy: [N,OH,OW,C M], k: [KH,KW,C M], dx: [N,H,W,C].
 *
 * Cost: 2 KH KW operations for each number of dy. One task is a band of rows of dx and a block of channels. Idea: every row of
 * dy is added to the rows that it was read from, tap by tap, in scratch memory with the padding's columns around it: no
 * tests inside. A gathering loop would multiply with zeros, three of four with strides of 2.
 *
 * Measured on a shared machine, one thread: 3 x 3 with strides of 2 over 56 x 56 x 64 14% of peak, 4 GB/s.
 */

import { copyNumbers, zeroNumbers } from "./copy";
import { foldLanes } from "./depthwiseBand";
import { DepthwiseConv2dBackwardInputArgs } from "./generated/args";
import { madd } from "./simd";
import { scratch } from "./step";

export function depthwiseConv2dBackwardInput(args: DepthwiseConv2dBackwardInputArgs, task: i32): void {
  const band = task % args.bands;
  const rest = task / args.bands;
  const channelTask = rest % args.channelTasks;
  const n = rest / args.channelTasks;
  const first = band * args.bandRows;
  const rows = min(args.bandRows, args.H - first);
  const f = channelTask * args.channelBlock;
  const count = min(args.channelBlock, args.F - f);
  const lanes = (count + 3) & ~3;
  const pixel = (<usize>lanes) << 2;
  const rowBytes = <usize>args.columns * pixel;
  const sums = scratch();
  zeroNumbers(sums, rows * args.columns * lanes);

  const step = (<usize>args.F) << 2;
  const kernel = args.kernel + ((<usize>f) << 2);
  // The rows of dy that read one of the band's.
  const reach = (args.KH - 1) * args.dilationH;
  const top = first + args.top;
  const firstOutput = top > reach ? (top - reach + args.strideH - 1) / args.strideH : 0;
  const endOutput = min(args.OH, (top + rows - 1) / args.strideH + 1);
  for (let oh = firstOutput; oh < endOutput; oh++) {
    const dy = args.dy + <usize>((n * args.OH + oh) * args.OW) * step + ((<usize>f) << 2);
    for (let kh = 0; kh < args.KH; kh++) {
      const row = oh * args.strideH + kh * args.dilationH - top;
      if (<u32>row >= <u32>rows) continue;
      const to = sums + <usize>row * rowBytes;
      for (let kw = 0; kw < args.KW; kw++) {
        const weights = kernel + <usize>(kh * args.KW + kw) * step;
        addRow(args, dy, weights, to + <usize>(kw * args.dilationW) * pixel, step, pixel);
      }
    }
  }

  const M = args.M;
  const left = args.left;
  const inside = max(0, min(args.W, args.columns - left));
  const dxPixel = (<usize>args.C) << 2;
  for (let row = 0; row < rows; row++) {
    let from = sums + <usize>row * rowBytes + <usize>left * pixel;
    let to = args.dx + <usize>((n * args.H + first + row) * args.W) * dxPixel + ((<usize>(f / M)) << 2);
    for (let column = 0; column < args.W; column++) {
      if (column >= inside) zeroNumbers(to, count / M);
      else if (M === 1) copyNumbers(from, to, count);
      else foldLanes(from, to, count / M, M);
      from += pixel;
      to += dxPixel;
    }
  }
}

/** sums[ow SW, lane] += dy[ow, lane] weights[lane] for a row of dy. */
function addRow(
  args: DepthwiseConv2dBackwardInputArgs,
  dy: usize,
  weights: usize,
  sums: usize,
  step: usize,
  pixel: usize,
): void {
  const across = <usize>args.strideW * pixel;
  const OW = args.OW;
  for (let lane: usize = 0; lane < pixel; lane += 16) {
    const weight = v128.load(weights + lane);
    let from = dy + lane;
    let to = sums + lane;
    for (let ow = 0; ow < OW; ow++) {
      v128.store(to, madd(v128.load(from), weight, v128.load(to)));
      from += step;
      to += across;
    }
  }
}
