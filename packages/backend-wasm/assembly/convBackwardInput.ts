/**
 * conv2dBackwardInput dx[n,h,w,c] = sum over f and all (oh,kh), (ow,kw) that read (h,w) of g[n,oh,ow,f] k[kh,kw,c,f],
 * g = dy f'(y) spread over the positions that won the pooling; dx [N,H,W,C].
 *
 * Cost: 2 KH KW C operations for each number of g that is not 0. Idea: one list for each output position with the filters
 * that have a gradient there. The filters' rows are summed up in 12 registers, 48 contiguous numbers at a time, and added to
 * dx once for the whole list; the outer loop runs over the kernel's rows, so that one row of all filters stays in the cache.
 *
 * A task makes whole rows of dx, so no two tasks write the same number.
 *
 * Measured with nothing 0, 11 x 11 x 64 to 13 x 13 x 32: 70% of peak.
 */

import { bandColumns } from "./convInput";
import { ConvGradientArgs, gradientRow, windowTable } from "./convGradient";
import { madd } from "./simd";
import { scratch } from "./step";
import { turn4x4 } from "./turn";

@unmanaged
export class ConvInputArgs extends ConvGradientArgs {
  dx: usize;
  /** Filters as [F][KH runs][runPadded]. */
  filters: usize;
  /** Rows of dx of one task, and tasks of a sample. */
  bandRows: i32;
  bands: i32;
  run: i32;
  runPadded: i32;
  runs: i32;
  /** Entries that one list can hold. */
  capacity: i32;
  /** Whether sums are made in scratch memory and then copied: with padding, or rows that are not whole vectors. */
  copied: i32;
  /** Places in scratch memory. */
  tableOffset: i32;
  rowOffset: i32;
  countsOffset: i32;
  listsOffset: i32;
  bandOffset: i32;
}

// @ts-ignore: decorator
@inline
function divideUp(a: i32, b: i32): i32 {
  return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

/** One task: a band of rows of one sample's dx. */
export function convInput(args: ConvInputArgs, task: i32): void {
  const sample = task / args.bands;
  const row = (task % args.bands) * args.bandRows;
  const rows = min(args.bandRows, args.H - row);
  const C = args.C;
  const firstOut = max(0, divideUp(row + args.top - (args.KH - 1) * args.dilationH, args.strideH));
  const lastOut = min(args.OH - 1, (row + rows - 1 + args.top) / args.strideH);
  buildLists(args, sample, firstOut, lastOut);

  const imageRowBytes = <usize>(args.W * C) << 2;
  const image = args.dx + <usize>(sample * args.H + row) * imageRowBytes;
  const bandRowBytes = args.copied ? <usize>(args.left + max(args.W, bandColumns(args))) * <usize>C * 4 : imageRowBytes;
  const to = args.copied ? scratch() + args.bandOffset : image;
  memory.fill(to, 0, <usize>rows * bandRowBytes);
  for (let kh = 0; kh < args.KH; kh++) {
    const shift = kh * args.dilationH - args.top - row;
    for (let oh = firstOut; oh <= lastOut; oh++) {
      const r = oh * args.strideH + shift;
      if (<u32>r < <u32>rows) spreadRow(args, kh, (oh - firstOut) * args.OW, to + <usize>r * bandRowBytes);
    }
  }
  if (args.copied) {
    const from = to + (<usize>(args.left * C) << 2);
    for (let r = 0; r < rows; r++) {
      memory.copy(image + <usize>r * imageRowBytes, from + <usize>r * bandRowBytes, imageRowBytes);
    }
  }
}

/** For every output position of rows [firstOut, lastOut]: which filters have a gradient there, and how much. */
function buildLists(args: ConvInputArgs, sample: i32, firstOut: i32, lastOut: i32): void {
  const OW = args.OW;
  const counts = scratch() + args.countsOffset;
  const lists = scratch() + args.listsOffset;
  const table = scratch() + args.tableOffset;
  const space = scratch() + args.rowOffset;
  const positions = max(0, lastOut - firstOut + 1) * OW;
  memory.fill(counts, 0, <usize>positions << 2);
  windowTable(args, table, OW, 1);
  const windowRows = (args.PH - 1) * args.poolDilationH;
  const firstRow = max(0, divideUp(firstOut + args.poolTop - windowRows, args.poolStrideH));
  const lastRow = min(args.GH - 1, (lastOut + args.poolTop) / args.poolStrideH);
  for (let gh = firstRow; gh <= lastRow; gh++) {
    for (let gw = 0; gw < args.GW; gw++) {
      const place = (gh * args.poolStrideH - args.poolTop - firstOut) * OW + gw * args.poolStrideW - args.poolLeft;
      const at = <usize>(((sample * args.GH + gh) * args.GW + gw) * args.F) << 2;
      const g = gradientRow(args, at, args.F, space);
      if (args.argmax != 0) appendPooled(args, g, args.argmax + at, table, place, counts, lists, positions);
      else append(args, g, place, counts, lists);
    }
  }
}

function appendPooled(
  args: ConvInputArgs, g: usize, argmax: usize, table: usize, place: i32, counts: usize, lists: usize, positions: i32,
): void {
  const filterBytes = (args.KH * args.runs * args.runPadded) << 2;
  const listBytes = <usize>args.capacity << 3;
  let filter: i32 = 0;
  for (let f = 0; f < args.F; f++) {
    const position = place + load<i32>(table + (<usize>load<i32>(argmax) << 2));
    // A window may reach into the rows of another task.
    if (<u32>position < <u32>positions) {
      const counter = counts + (<usize>position << 2);
      const count = load<i32>(counter);
      const bits = load<i32>(g);
      const entry = lists + <usize>position * listBytes + (<usize>count << 3);
      store<i32>(entry, filter);
      store<i32>(entry, bits, 4);
      // Neither 0 nor -0.
      store<i32>(counter, count + i32(bits << 1 != 0));
    }
    filter += filterBytes;
    g += 4;
    argmax += 4;
  }
}

function append(args: ConvInputArgs, g: usize, place: i32, counts: usize, lists: usize): void {
  const filterBytes = (args.KH * args.runs * args.runPadded) << 2;
  const list = lists + <usize>place * (<usize>args.capacity << 3);
  let entry = list;
  let filter: i32 = 0;
  for (let f = 0; f < args.F; f++) {
    const bits = load<i32>(g);
    store<i32>(entry, filter);
    store<i32>(entry, bits, 4);
    entry += <usize>(bits << 1 != 0) << 3;
    filter += filterBytes;
    g += 4;
  }
  store<i32>(counts + (<usize>place << 2), <i32>((entry - list) >> 3));
}

/** Adds kernel row `kh` of one row of output positions to the row of dx at `to`. */
function spreadRow(args: ConvInputArgs, kh: i32, firstPosition: i32, to: usize): void {
  const counts = scratch() + args.countsOffset;
  const lists = scratch() + args.listsOffset;
  const listBytes = <usize>args.capacity << 3;
  const step = <usize>(args.strideW * args.C) << 2;
  const runStep = <usize>(args.dilationW * args.C) << 2;
  const filterRow = args.filters + (<usize>(kh * args.runs * args.runPadded) << 2);
  for (let ow = 0; ow < args.OW; ow++) {
    const position = firstPosition + ow;
    const count = load<i32>(counts + (<usize>position << 2));
    if (count > 0) {
      const list = lists + <usize>position * listBytes;
      const end = list + (<usize>count << 3);
      let w = filterRow;
      for (let r = 0; r < args.runs; r++) {
        let d = to + <usize>r * runStep;
        let left = args.runPadded;
        while (left >= 48) {
          spread48(list, end, w, d);
          w += 192;
          d += 192;
          left -= 48;
        }
        while (left >= 16) {
          spread16(list, end, w, d);
          w += 64;
          d += 64;
          left -= 16;
        }
        while (left > 0) {
          spread4(list, end, w, d);
          w += 16;
          d += 16;
          left -= 4;
        }
      }
    }
    to += step;
  }
}

// @ts-ignore: decorator
@inline
function addTo(d: usize, v: v128): void {
  v128.store(d, f32x4.add(v128.load(d), v));
}

function spread48(list: usize, end: usize, w: usize, d: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
  let a6 = a0, a7 = a0, a8 = a0, a9 = a0, a10 = a0, a11 = a0;
  while (list != end) {
    const p = w + load<usize>(list);
    const g = v128.load32_splat(list, 4);
    a0 = madd(g, v128.load(p), a0);
    a1 = madd(g, v128.load(p, 16), a1);
    a2 = madd(g, v128.load(p, 32), a2);
    a3 = madd(g, v128.load(p, 48), a3);
    a4 = madd(g, v128.load(p, 64), a4);
    a5 = madd(g, v128.load(p, 80), a5);
    a6 = madd(g, v128.load(p, 96), a6);
    a7 = madd(g, v128.load(p, 112), a7);
    a8 = madd(g, v128.load(p, 128), a8);
    a9 = madd(g, v128.load(p, 144), a9);
    a10 = madd(g, v128.load(p, 160), a10);
    a11 = madd(g, v128.load(p, 176), a11);
    list += 8;
  }
  addTo(d, a0); addTo(d + 16, a1); addTo(d + 32, a2); addTo(d + 48, a3);
  addTo(d + 64, a4); addTo(d + 80, a5); addTo(d + 96, a6); addTo(d + 112, a7);
  addTo(d + 128, a8); addTo(d + 144, a9); addTo(d + 160, a10); addTo(d + 176, a11);
}

function spread16(list: usize, end: usize, w: usize, d: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  while (list != end) {
    const p = w + load<usize>(list);
    const g = v128.load32_splat(list, 4);
    a0 = madd(g, v128.load(p), a0);
    a1 = madd(g, v128.load(p, 16), a1);
    a2 = madd(g, v128.load(p, 32), a2);
    a3 = madd(g, v128.load(p, 48), a3);
    list += 8;
  }
  addTo(d, a0); addTo(d + 16, a1); addTo(d + 32, a2); addTo(d + 48, a3);
}

function spread4(list: usize, end: usize, w: usize, d: usize): void {
  let a = f32x4.splat(0);
  while (list != end) {
    a = madd(v128.load32_splat(list, 4), v128.load(w + load<usize>(list)), a);
    list += 8;
  }
  addTo(d, a);
}

@unmanaged
export class PackFiltersArgs {
  /** [KH][KW][C][F] */
  kernel: usize;
  /** [F][rows][runPadded] */
  filters: usize;
  F: i32;
  rows: i32;
  run: i32;
  runPadded: i32;
}

/** HWIO into one filter after the other, zeros behind each run. One task: four output channels. */
export function packFilters(args: PackFiltersArgs, task: i32): void {
  const F = args.F;
  const firstChannel = task * 4;
  const channels = min(4, F - firstChannel);
  const filterBytes = <usize>(args.rows * args.runPadded) << 2;
  const stride = <usize>F << 2;
  for (let row = 0; row < args.rows; row++) {
    for (let i = 0; i < args.runPadded; i += 4) {
      const from = args.kernel + <usize>(row * args.run + i) * stride + (<usize>firstChannel << 2);
      const to = args.filters + <usize>firstChannel * filterBytes + (<usize>(row * args.runPadded + i) << 2);
      if (channels == 4 && i + 4 <= args.run) {
        turn4x4(from, stride, to, filterBytes);
      } else {
        for (let f = 0; f < channels; f++) {
          for (let t = 0; t < 4; t++) {
            const value = i + t < args.run ? load<f32>(from + <usize>t * stride + (<usize>f << 2)) : 0;
            store<f32>(to + <usize>f * filterBytes + (<usize>t << 2), value);
          }
        }
      }
    }
  }
}
