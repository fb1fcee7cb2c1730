/**
 * Lists by output channel: for each channel of the output gradient the places of its numbers that are not 0. The kernel
 * gradient (conv2dBackwardFilter.ts) goes through them, and so does the input gradient of small images.
 *
 * A place is the distance in bytes from the band's start to the first tap of an output position.
 */

import { Conv2dBackwardFilterArgs } from "./generated/args";
import { gradientRow } from "./outputGradient";
import { bandColumns, bandInputRows, inputBand } from "./paddedBand";
import { scratch } from "./step";

/** Fills the lists of some channels from rows [row, row + rows) of dy; returns where the band of the input starts. */
export function buildChannelLists(
  args: Conv2dBackwardFilterArgs,
  sample: i32,
  samples: i32,
  row: i32,
  rows: i32,
  firstChannel: i32,
  channels: i32,
  bias: usize,
): usize {
  const C = args.C;
  const rowBytes = bandColumns(args) * C * 4;
  const pixelStep = args.strideW * C * 4;
  const table = scratch() + args.tableOffset;
  const ends = scratch() + args.endsOffset;
  const space = scratch() + args.rowOffset;
  for (let f = 0; f < channels; f++) {
    store<usize>(ends + ((<usize>f) << 2), scratch() + args.listsOffset + ((<usize>(f * args.capacity)) << 3));
  }
  const firstRow = max(0, row * args.poolStrideH - args.poolTop);
  const lastWindow = (row + rows - 1) * args.poolStrideH - args.poolTop + (args.PH - 1) * args.poolDilationH;
  const convRows = min(args.OH - 1, lastWindow) - firstRow + 1;
  const imageBytes = (<usize>(args.H * args.W * C)) << 2;
  const bandBytes = args.padded ? bandInputRows(args, convRows) * rowBytes : <i32>imageBytes;
  let base: usize = 0;
  for (let s = 0; s < samples; s++) {
    const image = args.x + <usize>(sample + s) * imageBytes;
    const band = inputBand(args, image, firstRow, convRows, scratch() + args.bandOffset + s * bandBytes);
    if (s === 0) base = band;
    for (let gh = row; gh < row + rows; gh++) {
      const fromRow = (gh * args.poolStrideH - args.poolTop - firstRow) * args.strideH * rowBytes + s * bandBytes;
      for (let gw = 0; gw < args.GW; gw++) {
        const place = fromRow + (gw * args.poolStrideW - args.poolLeft) * pixelStep;
        const index = ((sample + s) * args.GH + gh) * args.GW + gw;
        const at = (<usize>(index * args.F + firstChannel)) << 2;
        const g = gradientRow(args, at, channels, space);
        if (bias !== 0) addRow(bias, g, channels);
        if (args.argmax !== 0) appendPooled(g, args.argmax + at, table, place, ends, channels);
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
  const stop = ends + ((<usize>channels) << 2);
  while (ends < stop) {
    const entry = load<usize>(ends);
    const bits = load<i32>(g);
    store<i32>(entry, place + load<i32>(table + ((<usize>load<i32>(argmax)) << 2)));
    store<i32>(entry, bits, 4);
    // Neither 0 nor -0.
    store<usize>(ends, entry + ((<usize>(bits << 1 !== 0)) << 3));
    g += 4;
    argmax += 4;
    ends += 4;
  }
}

function append(g: usize, place: i32, ends: usize, channels: i32): void {
  const stop = ends + ((<usize>channels) << 2);
  while (ends < stop) {
    const entry = load<usize>(ends);
    const bits = load<i32>(g);
    store<i32>(entry, place);
    store<i32>(entry, bits, 4);
    store<usize>(ends, entry + ((<usize>(bits << 1 !== 0)) << 3));
    g += 4;
    ends += 4;
  }
}
