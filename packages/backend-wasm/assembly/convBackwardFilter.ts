/**
 * conv2dBackwardFilter dk[kh,kw,c,f] = sum over n,oh,ow of x[n, oh SH + kh DH - top, ow SW + kw DW - left, c] g[n,oh,ow,f]
 * and biasAddBackward db[f] = sum over n,oh,ow of g[n,oh,ow,f], g = dy f'(y) spread over the positions that won the pooling.
 *
 * Cost: 2 KH KW C operations for each number of g that is not 0, against 2 OH OW F KH KW C a sample done densely. Idea: one
 * list for each output channel with the places of those numbers. The taps of a kernel row are contiguous in NHWC, so 48 of
 * them are summed up in 12 registers while the list is walked: two loads and a splat pay for 24 operations each.
 *
 * Sums run over a fixed block of samples; `sumFilters` adds the blocks up in order and turns [F, taps] into HWIO.
 *
 * Where a task has all channels of whole samples, the same lists serve the input gradient as well: 48 numbers of a filter stay
 * in 12 registers and are added, times the gradient, to every place in the list. dx of a sample stays in the first-level
 * cache. (Larger images and kernels have their input gradient from convBackwardInput.ts.)
 *
 * Measured for 13 x 13 x 32 to 64 behind 2 x 2 pooling and relu, 1,140 of 7,744 numbers of g not 0: lists 5, gradient of kernel
 * and bias 30, of the input 26 µs a sample, 460% of peak against the dense operations; with nothing 0, 76%. The 3 x 3 kernel
 * over 28 x 28 x 1: 12 µs, 9 of them for the lists.
 */

import { bandColumns, bandInputRows, inputBand } from "./convInput";
import { ConvGradientArgs, gradientRow, windowTable } from "./convGradient";
import { madd } from "./simd";
import { scratch } from "./step";
import { turn, turned0, turned1, turned2, turned3 } from "./turn";

@unmanaged
export class ConvFilterArgs extends ConvGradientArgs {
  x: usize;
  /** [blocks][F][KH runs][runPadded]: sums of one block of samples. */
  partials: usize;
  /** [blocks][F], or 0 where no bias gradient is wanted. */
  biasPartials: usize;
  N: i32;
  /** Samples of one task, output channels of one task, tasks for all channels. */
  sampleBlock: i32;
  channelBlock: i32;
  channelTasks: i32;
  /** Samples whose lists are walked together. */
  together: i32;
  /** Rows of dy whose lists are walked together; GH when several samples are. */
  bandRows: i32;
  /** Contiguous taps, and their number rounded up to whole vectors. */
  run: i32;
  runPadded: i32;
  /** Runs of a kernel row: 1, or KW with dilated columns. */
  runs: i32;
  /** Entries that one list can hold. */
  capacity: i32;
  /** Places in scratch memory. */
  tableOffset: i32;
  rowOffset: i32;
  endsOffset: i32;
  listsOffset: i32;
  bandOffset: i32;
  /** Input gradient, or 0; then a task has all channels and whole samples. */
  dx: usize;
  /** Filters as [F][KH runs][runPadded], for dx. */
  filters: usize;
  /** Whether dx is made in scratch memory, with its padding, and then copied; and where. */
  copied: i32;
  dxOffset: i32;
}

/** One task: some output channels over a block of samples. */
export function convFilter(args: ConvFilterArgs, task: i32): void {
  const block = task / args.channelTasks;
  const firstChannel = (task % args.channelTasks) * args.channelBlock;
  const channels = min(args.channelBlock, args.F - firstChannel);
  const filterBytes = <usize>(args.KH * args.runs * args.runPadded) << 2;
  const partial = args.partials + <usize>(block * args.F + firstChannel) * filterBytes;
  memory.fill(partial, 0, <usize>channels * filterBytes);
  const bias = args.biasPartials != 0 ? args.biasPartials + (<usize>(block * args.F + firstChannel) << 2) : 0;
  if (bias != 0) memory.fill(bias, 0, <usize>channels << 2);

  const rowBytes = <usize>(bandColumns(args) * args.C) << 2;
  windowTable(args, scratch() + args.tableOffset, args.strideH * <i32>rowBytes, (args.strideW * args.C) << 2);
  const endSample = min((block + 1) * args.sampleBlock, args.N);
  for (let sample = block * args.sampleBlock; sample < endSample; sample += args.together) {
    const count = min(args.together, endSample - sample);
    for (let row = 0; row < args.GH; row += args.bandRows) {
      const rows = min(args.bandRows, args.GH - row);
      const base = buildLists(args, sample, count, row, rows, firstChannel, channels, bias);
      const dx = args.dx != 0 ? clearedGradient(args, sample, count) : 0;
      for (let f = 0; f < channels; f++) {
        const list = scratch() + args.listsOffset + (<usize>(f * args.capacity) << 3);
        const end = load<usize>(scratch() + args.endsOffset + (<usize>f << 2));
        if (list != end) {
          const offset = <usize>f * filterBytes;
          walkList(args, list, end, base, rowBytes, partial + offset);
          if (dx != 0) spreadList(args, list, end, dx, rowBytes, args.filters + offset);
        }
      }
      if (dx != 0 && args.copied) {
        for (let s = 0; s < count; s++) copyGradient(args, sample + s, dx + <usize>s * sampleBytes(args), rowBytes);
      }
    }
  }
}

/** Fills the lists of some channels from rows [row, row + rows) of dy; returns where the band of the input starts. */
function buildLists(
  args: ConvFilterArgs, sample: i32, samples: i32, row: i32, rows: i32, firstChannel: i32, channels: i32, bias: usize,
): usize {
  const C = args.C;
  const rowBytes = bandColumns(args) * C * 4;
  const pixelStep = args.strideW * C * 4;
  const table = scratch() + args.tableOffset;
  const ends = scratch() + args.endsOffset;
  const space = scratch() + args.rowOffset;
  for (let f = 0; f < channels; f++) {
    store<usize>(ends + (<usize>f << 2), scratch() + args.listsOffset + (<usize>(f * args.capacity) << 3));
  }
  const firstRow = max(0, row * args.poolStrideH - args.poolTop);
  const lastWindow = (row + rows - 1) * args.poolStrideH - args.poolTop + (args.PH - 1) * args.poolDilationH;
  const convRows = min(args.OH - 1, lastWindow) - firstRow + 1;
  const imageBytes = <usize>(args.H * args.W * C) << 2;
  const bandBytes = args.padded ? bandInputRows(args, convRows) * rowBytes : <i32>imageBytes;
  let base: usize = 0;
  for (let s = 0; s < samples; s++) {
    const image = args.x + <usize>(sample + s) * imageBytes;
    const band = inputBand(args, image, firstRow, convRows, scratch() + args.bandOffset + s * bandBytes);
    if (s == 0) base = band;
    for (let gh = row; gh < row + rows; gh++) {
      const fromRow = (gh * args.poolStrideH - args.poolTop - firstRow) * args.strideH * rowBytes + s * bandBytes;
      for (let gw = 0; gw < args.GW; gw++) {
        const place = fromRow + (gw * args.poolStrideW - args.poolLeft) * pixelStep;
        const index = ((sample + s) * args.GH + gh) * args.GW + gw;
        const at = <usize>(index * args.F + firstChannel) << 2;
        const g = gradientRow(args, at, channels, space);
        if (bias != 0) addRow(bias, g, channels);
        if (args.argmax != 0) appendPooled(g, args.argmax + at, table, place, ends, channels);
        else append(g, place, ends, channels);
      }
    }
  }
  return base;
}

function addRow(sum: usize, g: usize, count: i32): void {
  let i: i32 = 0;
  for (; i + 4 <= count; i += 4) {
    v128.store(sum, f32x4.add(v128.load(sum), v128.load(g)));
    sum += 16;
    g += 16;
  }
  for (; i < count; i++) {
    store<f32>(sum, load<f32>(sum) + load<f32>(g));
    sum += 4;
    g += 4;
  }
}

function appendPooled(g: usize, argmax: usize, table: usize, place: i32, ends: usize, channels: i32): void {
  const stop = ends + (<usize>channels << 2);
  while (ends < stop) {
    const entry = load<usize>(ends);
    const bits = load<i32>(g);
    store<i32>(entry, place + load<i32>(table + (<usize>load<i32>(argmax) << 2)));
    store<i32>(entry, bits, 4);
    // Neither 0 nor -0.
    store<usize>(ends, entry + (<usize>(bits << 1 != 0) << 3));
    g += 4;
    argmax += 4;
    ends += 4;
  }
}

function append(g: usize, place: i32, ends: usize, channels: i32): void {
  const stop = ends + (<usize>channels << 2);
  while (ends < stop) {
    const entry = load<usize>(ends);
    const bits = load<i32>(g);
    store<i32>(entry, place);
    store<i32>(entry, bits, 4);
    store<usize>(ends, entry + (<usize>(bits << 1 != 0) << 3));
    g += 4;
    ends += 4;
  }
}

/** Bytes from one sample to the next where lists go over several: bands in scratch memory, or images where they are. */
// @ts-ignore: decorator
@inline
function sampleBytes(args: ConvFilterArgs): usize {
  if (!args.padded) return <usize>(args.H * args.W * args.C) << 2;
  return <usize>(bandInputRows(args, args.OH) * bandColumns(args) * args.C) << 2;
}

/** Where dx of some samples is summed up, zeros; lists count from there as they do from the band of x. */
function clearedGradient(args: ConvFilterArgs, sample: i32, count: i32): usize {
  const bytes = sampleBytes(args);
  const place = args.copied ? scratch() + args.dxOffset : args.dx + <usize>sample * bytes;
  memory.fill(place, 0, <usize>count * bytes);
  return place;
}

/** Leaves the padding out. Rows and columns that no output reads get zeros. */
function copyGradient(args: ConvFilterArgs, sample: i32, from: usize, rowBytes: usize): void {
  const lineBytes = <usize>(args.W * args.C) << 2;
  const left = <usize>(args.left * args.C) << 2;
  const inside = min(lineBytes, rowBytes - left);
  const rows = bandInputRows(args, args.OH);
  let to = args.dx + <usize>(sample * args.H) * lineBytes;
  for (let h = 0; h < args.H; h++) {
    const row = h + args.top;
    if (row < rows) {
      memory.copy(to, from + <usize>row * rowBytes + left, inside);
      memory.fill(to + inside, 0, lineBytes - inside);
    } else {
      memory.fill(to, 0, lineBytes);
    }
    to += lineBytes;
  }
}

/** Adds one filter, times each gradient of the list, to dx. */
function spreadList(args: ConvFilterArgs, list: usize, end: usize, base: usize, rowBytes: usize, filter: usize): void {
  for (let kh = 0; kh < args.KH; kh++) {
    for (let r = 0; r < args.runs; r++) {
      let d = base + <usize>(kh * args.dilationH) * rowBytes + (<usize>(r * args.dilationW * args.C) << 2);
      let left = args.runPadded;
      while (left >= 48) {
        spread48(list, end, filter, d);
        d += 192;
        filter += 192;
        left -= 48;
      }
      while (left >= 16) {
        spread16(list, end, filter, d);
        d += 64;
        filter += 64;
        left -= 16;
      }
      while (left > 0) {
        spread4(list, end, filter, d);
        d += 16;
        filter += 16;
        left -= 4;
      }
    }
  }
}

function spread48(list: usize, end: usize, w: usize, d: usize): void {
  const w0 = v128.load(w), w1 = v128.load(w, 16), w2 = v128.load(w, 32), w3 = v128.load(w, 48);
  const w4 = v128.load(w, 64), w5 = v128.load(w, 80), w6 = v128.load(w, 96), w7 = v128.load(w, 112);
  const w8 = v128.load(w, 128), w9 = v128.load(w, 144), w10 = v128.load(w, 160), w11 = v128.load(w, 176);
  while (list != end) {
    const p = d + load<usize>(list);
    const g = v128.load32_splat(list, 4);
    v128.store(p, madd(g, w0, v128.load(p)));
    v128.store(p, madd(g, w1, v128.load(p, 16)), 16);
    v128.store(p, madd(g, w2, v128.load(p, 32)), 32);
    v128.store(p, madd(g, w3, v128.load(p, 48)), 48);
    v128.store(p, madd(g, w4, v128.load(p, 64)), 64);
    v128.store(p, madd(g, w5, v128.load(p, 80)), 80);
    v128.store(p, madd(g, w6, v128.load(p, 96)), 96);
    v128.store(p, madd(g, w7, v128.load(p, 112)), 112);
    v128.store(p, madd(g, w8, v128.load(p, 128)), 128);
    v128.store(p, madd(g, w9, v128.load(p, 144)), 144);
    v128.store(p, madd(g, w10, v128.load(p, 160)), 160);
    v128.store(p, madd(g, w11, v128.load(p, 176)), 176);
    list += 8;
  }
}

function spread16(list: usize, end: usize, w: usize, d: usize): void {
  const w0 = v128.load(w), w1 = v128.load(w, 16), w2 = v128.load(w, 32), w3 = v128.load(w, 48);
  while (list != end) {
    const p = d + load<usize>(list);
    const g = v128.load32_splat(list, 4);
    v128.store(p, madd(g, w0, v128.load(p)));
    v128.store(p, madd(g, w1, v128.load(p, 16)), 16);
    v128.store(p, madd(g, w2, v128.load(p, 32)), 32);
    v128.store(p, madd(g, w3, v128.load(p, 48)), 48);
    list += 8;
  }
}

function spread4(list: usize, end: usize, w: usize, d: usize): void {
  const w0 = v128.load(w);
  while (list != end) {
    const p = d + load<usize>(list);
    v128.store(p, madd(v128.load32_splat(list, 4), w0, v128.load(p)));
    list += 8;
  }
}

/** Adds a list's products to one filter: every run of taps in pieces of 48, 16 and 4 numbers. */
function walkList(args: ConvFilterArgs, list: usize, end: usize, base: usize, rowBytes: usize, filter: usize): void {
  if (args.KH == 3 && args.runs == 1 && args.runPadded <= 12) {
    const line = <usize>args.dilationH * rowBytes;
    if (args.runPadded == 4) return sum3x4(list, end, base, line, filter);
    if (args.runPadded == 12) return sum3x12(list, end, base, line, filter);
  }
  for (let kh = 0; kh < args.KH; kh++) {
    for (let r = 0; r < args.runs; r++) {
      let x = base + <usize>(kh * args.dilationH) * rowBytes + (<usize>(r * args.dilationW * args.C) << 2);
      let left = args.runPadded;
      while (left >= 48) {
        sum48(list, end, x, filter);
        x += 192;
        filter += 192;
        left -= 48;
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
  let a = v128.load(o), b = v128.load(o, 16), c = v128.load(o, 32);
  const line2 = 2 * line;
  while (list != end) {
    const p = x + load<usize>(list);
    const g = v128.load32_splat(list, 4);
    a = madd(g, v128.load(p), a);
    b = madd(g, v128.load(p + line), b);
    c = madd(g, v128.load(p + line2), c);
    list += 8;
  }
  v128.store(o, a); v128.store(o, b, 16); v128.store(o, c, 32);
}

/** Three rows of 12 taps: a 3 x 3 kernel over three or four channels. */
function sum3x12(list: usize, end: usize, x: usize, line: usize, o: usize): void {
  let a0 = v128.load(o), a1 = v128.load(o, 16), a2 = v128.load(o, 32);
  let b0 = v128.load(o, 48), b1 = v128.load(o, 64), b2 = v128.load(o, 80);
  let c0 = v128.load(o, 96), c1 = v128.load(o, 112), c2 = v128.load(o, 128);
  while (list != end) {
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

function sum48(list: usize, end: usize, x: usize, o: usize): void {
  let a0 = v128.load(o), a1 = v128.load(o, 16), a2 = v128.load(o, 32), a3 = v128.load(o, 48);
  let a4 = v128.load(o, 64), a5 = v128.load(o, 80), a6 = v128.load(o, 96), a7 = v128.load(o, 112);
  let a8 = v128.load(o, 128), a9 = v128.load(o, 144), a10 = v128.load(o, 160), a11 = v128.load(o, 176);
  while (list != end) {
    const p = x + load<usize>(list);
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
  v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
  v128.store(o, a4, 64); v128.store(o, a5, 80); v128.store(o, a6, 96); v128.store(o, a7, 112);
  v128.store(o, a8, 128); v128.store(o, a9, 144); v128.store(o, a10, 160); v128.store(o, a11, 176);
}

function sum16(list: usize, end: usize, x: usize, o: usize): void {
  let a0 = v128.load(o), a1 = v128.load(o, 16), a2 = v128.load(o, 32), a3 = v128.load(o, 48);
  while (list != end) {
    const p = x + load<usize>(list);
    const g = v128.load32_splat(list, 4);
    a0 = madd(g, v128.load(p), a0);
    a1 = madd(g, v128.load(p, 16), a1);
    a2 = madd(g, v128.load(p, 32), a2);
    a3 = madd(g, v128.load(p, 48), a3);
    list += 8;
  }
  v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
}

function sum4(list: usize, end: usize, x: usize, o: usize): void {
  let a = v128.load(o);
  while (list != end) {
    a = madd(v128.load32_splat(list, 4), v128.load(x + load<usize>(list)), a);
    list += 8;
  }
  v128.store(o, a);
}

@unmanaged
export class SumFiltersArgs {
  /** [blocks][F][taps], in rows of `runPadded` numbers. */
  partials: usize;
  /** [KH][KW][C][F] */
  kernel: usize;
  blocks: i32;
  F: i32;
  /** Rows of a filter and their length, padded and not. */
  rows: i32;
  runPadded: i32;
  run: i32;
}

/** dk = the sum of the blocks, turned. One task: four output channels. */
export function sumFilters(args: SumFiltersArgs, task: i32): void {
  const F = args.F;
  const firstChannel = task * 4;
  const channels = min(4, F - firstChannel);
  const filterBytes = <usize>(args.rows * args.runPadded) << 2;
  const blockBytes = <usize>F * filterBytes;
  const outStride = <usize>F << 2;
  const f0 = args.partials + <usize>firstChannel * filterBytes;
  const f1 = f0 + <usize>min(1, channels - 1) * filterBytes;
  const f2 = f0 + <usize>min(2, channels - 1) * filterBytes;
  const f3 = f0 + <usize>min(3, channels - 1) * filterBytes;
  for (let row = 0; row < args.rows; row++) {
    for (let i = 0; i < args.run; i += 4) {
      let at = <usize>(row * args.runPadded + i) << 2;
      let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
      for (let block = 0; block < args.blocks; block++) {
        s0 = f32x4.add(s0, v128.load(f0 + at));
        s1 = f32x4.add(s1, v128.load(f1 + at));
        s2 = f32x4.add(s2, v128.load(f2 + at));
        s3 = f32x4.add(s3, v128.load(f3 + at));
        at += blockBytes;
      }
      turn(s0, s1, s2, s3);
      const taps = min(4, args.run - i);
      const to = args.kernel + <usize>(row * args.run + i) * outStride + (<usize>firstChannel << 2);
      storeChannels(to, turned0, channels);
      if (taps > 1) storeChannels(to + outStride, turned1, channels);
      if (taps > 2) storeChannels(to + 2 * outStride, turned2, channels);
      if (taps > 3) storeChannels(to + 3 * outStride, turned3, channels);
    }
  }
}

// @ts-ignore: decorator
@inline
function storeChannels(to: usize, v: v128, channels: i32): void {
  if (channels == 4) {
    v128.store(to, v);
    return;
  }
  store<f32>(to, f32x4.extract_lane(v, 0));
  if (channels > 1) store<f32>(to, f32x4.extract_lane(v, 1), 4);
  if (channels > 2) store<f32>(to, f32x4.extract_lane(v, 2), 8);
}
