/**
 * conv2dBackwardFilter and biasAddBackward, as in conv2dBackwardFilter.ts, as a matrix product: for gradients of which most
 * numbers are not 0, without a pooling, such as those behind a batch normalization; and for 1 x 1 kernels whatever they hold,
 * whose runs of taps are too short for lists to pay.
 *
 * Cost: 2 OH OW F KH KW C operations a sample. Idea: some rows of output pixels at a time; g becomes panels of eight channels, and
 * four taps of all those pixels, wherever they lie in the image, one contiguous strip: register tiles then run over the
 * pixels. A strip is read by all panels while it is in the first-level cache, and the panels by all strips in the second.
 *
 * A task is a block of rows, across samples, and some of the strips; sums of the blocks are added up in order.
 *
 * Measured (Zen 4, Node 24, one thread): all 34 convolutions of 1 x 1 of MobileNetV2 at 224 x 224, kernel and input gradients, 44
 * GFLOP/s, 83% of peak; 3 x 3 over 32 x 32 x 16 to 16 70%. By lists they had 9 to 34 GFLOP/s of two threads.
 */

import { copyNumbers } from "./copy";
import { Conv2dBackwardFilterDenseArgs } from "./generated/args";
import { gradientRow } from "./outputGradient";
import { bandColumns, inputBand } from "./paddedBand";
import { scratch, zeros } from "./step";
import { tileTransposed4x8 } from "./tiles";

export function conv2dBackwardFilterDense(args: Conv2dBackwardFilterDenseArgs, task: i32): void {
  const block = task / args.stripTasks;
  const stripTask = task % args.stripTasks;
  const firstStrip = stripTask * args.stripBlock;
  const F = args.F;
  const bias = args.biasPartials !== 0 && stripTask === 0 ? args.biasPartials + ((<usize>(block * F)) << 2) : 0;
  if (bias !== 0) memory.fill(bias, 0, (<usize>F) << 2);
  const rowBytes = (<usize>(bandColumns(args) * args.C)) << 2;
  pixelTable(args, rowBytes);
  const end = min((block + 1) * args.rowBlock, args.N * args.OH);
  let fresh = true;
  for (let row = block * args.rowBlock; row < end; ) {
    const sample = row / args.OH;
    const first = row % args.OH;
    const rows = min(min(args.bandRows, end - row), args.OH - first);
    const image = args.x + ((<usize>(sample * args.H * args.W * args.C)) << 2);
    const band = inputBand(args, image, first, rows, scratch() + args.bandOffset);
    const pixels = rows * args.OW;
    const at = (<usize>(row * args.OW * F)) << 2;
    const g = gradientRow(args, at, pixels * F, scratch() + args.gradientOffset);
    for (let f = 0; f < F; f += 8) {
      const to = scratch() + args.panelsOffset + ((<usize>(f * args.pixels)) << 2);
      packPixels(g + ((<usize>f) << 2), F, pixels, min(8, F - f), to, bias !== 0 ? bias + ((<usize>f) << 2) : 0);
    }
    addStrips(args, firstStrip, band, rowBytes, pixels, block, fresh);
    fresh = false;
    row += rows;
  }
}

/** Where the first tap of each pixel of a band lies, in bytes. */
function pixelTable(args: Conv2dBackwardFilterDenseArgs, rowBytes: usize): void {
  let table = scratch() + args.tableOffset;
  const step = (args.strideW * args.C) << 2;
  for (let row = 0; row < args.bandRows; row++) {
    let place = row * args.strideH * <i32>rowBytes;
    for (let column = 0; column < args.OW; column++) {
      store<i32>(table, place);
      table += 4;
      place += step;
    }
  }
}

/** Up to eight channels of `pixels` pixels as a panel, zeros beyond the last one; their sums are added to `bias`. */
function packPixels(g: usize, F: i32, pixels: i32, channels: i32, to: usize, bias: usize): void {
  const step = (<usize>F) << 2;
  let low = f32x4.splat(0);
  let high = low;
  if (channels === 8) {
    const end = to + ((<usize>pixels) << 5);
    for (; to < end; to += 32) {
      const u = v128.load(g);
      const v = v128.load(g, 16);
      low = f32x4.add(low, u);
      high = f32x4.add(high, v);
      v128.store(to, u);
      v128.store(to, v, 16);
      g += step;
    }
  } else {
    memory.fill(to, 0, (<usize>pixels) << 5);
    for (let i = 0; i < pixels; i++) {
      copyNumbers(g, to, channels);
      low = f32x4.add(low, v128.load(to));
      high = f32x4.add(high, v128.load(to, 16));
      g += step;
      to += 32;
    }
  }
  if (bias === 0) return;
  const sums = scratch();
  v128.store(sums, low);
  v128.store(sums, high, 16);
  for (let i = 0; i < channels; i++) {
    const one = (<usize>i) << 2;
    store<f32>(bias + one, load<f32>(bias + one) + load<f32>(sums + one));
  }
}

/** Adds the products of a band to the sums of a block: four taps at a time, for all output channels. */
function addStrips(
  args: Conv2dBackwardFilterDenseArgs,
  firstStrip: i32,
  band: usize,
  rowBytes: usize,
  pixels: i32,
  block: i32,
  fresh: bool,
): void {
  const F = args.F;
  const run = args.run;
  const stripsOfRun = (run + 3) >> 2;
  const endStrip = min(firstStrip + args.stripBlock, args.KH * args.runs * stripsOfRun);
  const table = scratch() + args.tableOffset;
  const strip = scratch() + args.stripOffset;
  const panels = scratch() + args.panelsOffset;
  const panelBytes = (<usize>args.pixels) << 5;
  const sums = args.partials + <usize>block * <usize>(args.KH * args.runs * run * F) * 4;
  const line = (<usize>F) << 2;
  const start: usize = fresh ? zeros() : 0;
  const floor = f32x4.splat(-Infinity);
  const ceiling = f32x4.splat(Infinity);
  for (let s = firstStrip; s < endStrip; s++) {
    const tapRow = s / stripsOfRun;
    const i = (s % stripsOfRun) << 2;
    const kh = tapRow / args.runs;
    const r = tapRow % args.runs;
    const from = band + <usize>(kh * args.dilationH) * rowBytes + ((<usize>(r * args.dilationW * args.C + i)) << 2);
    gatherStrip(from, table, pixels, strip);
    const taps = min(4, run - i);
    let c = sums + <usize>(tapRow * run + i) * line;
    let panel = panels;
    for (let f = 0; f < F; f += 8) {
      if (F - f >= 8) {
        tileTransposed4x8(strip, 16, pixels, panel, 32, c, line, taps, start, floor, ceiling);
      } else {
        addPartial(strip, pixels, panel, c, line, taps, F - f, start);
      }
      c += 32;
      panel += panelBytes;
    }
  }
}

/** Four numbers of each pixel, one behind the other. */
function gatherStrip(from: usize, table: usize, pixels: i32, strip: usize): void {
  const end = strip + ((<usize>pixels) << 4);
  const pairs = strip + ((<usize>(pixels & ~1)) << 4);
  while (strip < pairs) {
    const a = v128.load(from + load<usize>(table));
    const b = v128.load(from + load<usize>(table, 4));
    v128.store(strip, a);
    v128.store(strip, b, 16);
    strip += 32;
    table += 8;
  }
  if (strip < end) v128.store(strip, v128.load(from + load<usize>(table)));
}

/** A tile of fewer than eight channels, by way of scratch memory. */
function addPartial(
  strip: usize,
  pixels: i32,
  panel: usize,
  c: usize,
  line: usize,
  taps: i32,
  channels: i32,
  start: usize,
): void {
  const tile = scratch();
  if (start === 0) {
    for (let t = 0; t < taps; t++) copyNumbers(c + <usize>t * line, tile + ((<usize>t) << 5), channels);
  }
  tileTransposed4x8(strip, 16, pixels, panel, 32, tile, 32, taps, start, f32x4.splat(-Infinity), f32x4.splat(Infinity));
  for (let t = 0; t < taps; t++) copyNumbers(tile + ((<usize>t) << 5), c + <usize>t * line, channels);
}
