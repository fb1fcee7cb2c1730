/**
 * conv2dBackwardInput dx[n,h,w,c] = sum over f and all (oh,kh), (ow,kw) that read (h,w) of g[n,oh,ow,f] k[kh,kw,c,f],
 * g = dy f'(y) at the positions of the pooling's maxima; dx [N,H,W,C].
 *
 * Cost: 2 KH KW C operations for each number of g that is not 0. Idea: one list for each output position with the filters
 * that have a gradient there. The filters' rows are summed up in 6 registers, 24 contiguous numbers at a time, and added to
 * dx once for the whole list; the outer loop runs over the kernel's rows, so that one row of all filters stays in the cache.
 *
 * A task makes whole rows of dx, so no two tasks write the same number.
 *
 * Measured with nothing 0, 11 x 11 x 64 to 13 x 13 x 32: 70% of peak.
 */

import { Conv2dBackwardInputArgs } from "./generated/args";
import { bandColumns } from "./paddedBand";
import { buildPositionLists, divideUp } from "./positionLists";
import { madd } from "./simd";
import { scratch } from "./step";

/** One task: a band of rows of one sample's dx. */
export function conv2dBackwardInput(args: Conv2dBackwardInputArgs, task: i32): void {
  const sample = task / args.bands;
  const row = (task % args.bands) * args.bandRows;
  const rows = min(args.bandRows, args.H - row);
  const C = args.C;
  const firstOut = max(0, divideUp(row + args.top - (args.KH - 1) * args.dilationH, args.strideH));
  const lastOut = min(args.OH - 1, (row + rows - 1 + args.top) / args.strideH);
  buildPositionLists(args, sample, firstOut, lastOut);

  const imageRowBytes = (<usize>(args.W * C)) << 2;
  const image = args.dx + <usize>(sample * args.H + row) * imageRowBytes;
  const bandRowBytes = args.copied ? <usize>(args.left + max(args.W, bandColumns(args))) * <usize>C * 4 : imageRowBytes;
  const to = args.copied ? scratch() + args.bandOffset : image;
  memory.fill(to, 0, <usize>rows * bandRowBytes);
  for (let kh = 0; kh < args.KH; kh++) {
    const shift = kh * args.dilationH - args.top - row;
    for (let oh = firstOut; oh <= lastOut; oh++) {
      const r = oh * args.strideH + shift;
      if (<u32>r < <u32>rows) addKernelRow(args, kh, (oh - firstOut) * args.OW, to + <usize>r * bandRowBytes);
    }
  }
  if (args.copied) {
    const from = to + ((<usize>(args.left * C)) << 2);
    for (let r = 0; r < rows; r++) {
      memory.copy(image + <usize>r * imageRowBytes, from + <usize>r * bandRowBytes, imageRowBytes);
    }
  }
}

/** Adds kernel row `kh` of one row of output positions to the row of dx at `to`. */
function addKernelRow(args: Conv2dBackwardInputArgs, kh: i32, firstPosition: i32, to: usize): void {
  const counts = scratch() + args.countsOffset;
  const lists = scratch() + args.listsOffset;
  const listBytes = (<usize>args.capacity) << 3;
  const step = (<usize>(args.strideW * args.C)) << 2;
  const runStep = (<usize>(args.dilationW * args.C)) << 2;
  const filterRow = args.filters + ((<usize>(kh * args.runs * args.runPadded)) << 2);
  for (let ow = 0; ow < args.OW; ow++) {
    const position = firstPosition + ow;
    const count = load<i32>(counts + ((<usize>position) << 2));
    if (count > 0) {
      const list = lists + <usize>position * listBytes;
      const end = list + ((<usize>count) << 3);
      let w = filterRow;
      for (let r = 0; r < args.runs; r++) {
        let d = to + <usize>r * runStep;
        let left = args.runPadded;
        while (left >= 24) {
          gather24(list, end, w, d);
          w += 96;
          d += 96;
          left -= 24;
        }
        while (left >= 16) {
          gather16(list, end, w, d);
          w += 64;
          d += 64;
          left -= 16;
        }
        while (left > 0) {
          gather4(list, end, w, d);
          w += 16;
          d += 16;
          left -= 4;
        }
      }
    }
    to += step;
  }
}

// @inline
function addTo(d: usize, v: v128): void {
  v128.store(d, f32x4.add(v128.load(d), v));
}

function gather24(list: usize, end: usize, w: usize, d: usize): void {
  let a0 = f32x4.splat(0),
    a1 = a0,
    a2 = a0,
    a3 = a0,
    a4 = a0,
    a5 = a0;
  while (list !== end) {
    const p = w + load<usize>(list);
    const g = v128.load32_splat(list, 4);
    a0 = madd(g, v128.load(p), a0);
    a1 = madd(g, v128.load(p, 16), a1);
    a2 = madd(g, v128.load(p, 32), a2);
    a3 = madd(g, v128.load(p, 48), a3);
    a4 = madd(g, v128.load(p, 64), a4);
    a5 = madd(g, v128.load(p, 80), a5);
    list += 8;
  }
  addTo(d, a0);
  addTo(d + 16, a1);
  addTo(d + 32, a2);
  addTo(d + 48, a3);
  addTo(d + 64, a4);
  addTo(d + 80, a5);
}

function gather16(list: usize, end: usize, w: usize, d: usize): void {
  let a0 = f32x4.splat(0),
    a1 = a0,
    a2 = a0,
    a3 = a0;
  while (list !== end) {
    const p = w + load<usize>(list);
    const g = v128.load32_splat(list, 4);
    a0 = madd(g, v128.load(p), a0);
    a1 = madd(g, v128.load(p, 16), a1);
    a2 = madd(g, v128.load(p, 32), a2);
    a3 = madd(g, v128.load(p, 48), a3);
    list += 8;
  }
  addTo(d, a0);
  addTo(d + 16, a1);
  addTo(d + 32, a2);
  addTo(d + 48, a3);
}

function gather4(list: usize, end: usize, w: usize, d: usize): void {
  let a = f32x4.splat(0);
  while (list !== end) {
    a = madd(v128.load32_splat(list, 4), v128.load(w + load<usize>(list)), a);
    list += 8;
  }
  addTo(d, a);
}
