/**
 * conv2d for inputs of few channels, the first layer of most networks; the same shapes as in conv2d.ts.
 *
 * Cost: 2 OH OW F KH KW C operations a sample, here mostly with KH KW C = 9 or 27. Idea: runs of contiguous taps are too short
 * for the matrix tiles, so the positions of all taps are put in a table once and every tap is one step for four pixels and eight output
 * channels: four splats, two loads, eight multiplications and additions. With a 2 x 2 pooling the four pixels are its window
 * and are pooled in registers.
 *
 * Measured: 3 x 3 over 28 x 28 x 1 to 32 with bias, 2 x 2 pooling and relu 14 µs a sample, 88 to 98% of peak.
 */

import { Conv2dArgs } from "./generated/args";
import { pool4 } from "./maxPool2d";
import { bandColumns } from "./paddedBand";
import { madd } from "./simd";
import { scratch, zeros } from "./step";

/** The position of each tap, in bytes from the first one; returns the end of the table. */
function tapTable(args: Conv2dArgs, table: usize): usize {
  const rowBytes = bandColumns(args) * args.C * 4;
  for (let kh = 0; kh < args.KH; kh++) {
    for (let kw = 0; kw < args.KW; kw++) {
      for (let c = 0; c < args.C; c++) {
        store<i32>(table, kh * args.dilationH * rowBytes + (kw * args.dilationW * args.C + c) * 4);
        table += 4;
      }
    }
  }
  return table;
}

/** The outputs of a band, [rows, columns, F]. */
export function convolveShallow(args: Conv2dArgs, band: usize, rows: i32, y: usize, floor: v128, ceiling: v128): void {
  const table = scratch() + 256;
  const tableEnd = tapTable(args, table);
  const F = args.F;
  const columns = args.columns;
  const panels = (F + 7) >> 3;
  const panelBytes = (tableEnd - table) << 3;
  const step = (<usize>(args.strideW * args.C)) << 2;
  const line = (<usize>(args.strideH * bandColumns(args) * args.C)) << 2;
  for (let panel = 0; panel < panels; panel++) {
    const weights = args.panels + <usize>panel * panelBytes;
    const bias = args.bias !== 0 ? args.bias + ((<usize>panel) << 5) : zeros();
    const channels = min(8, F - panel * 8);
    for (let row = 0; row < rows; row++) {
      const from = band + <usize>row * line;
      let to = y + ((<usize>(row * columns * F + panel * 8)) << 2);
      for (let column = 0; column < columns; column += 4) {
        const count = min(4, columns - column);
        const p0 = from + <usize>column * step;
        const p1 = count > 1 ? p0 + step : p0;
        const p2 = count > 2 ? p1 + step : p1;
        const p3 = count > 3 ? p2 + step : p2;
        let a0 = v128.load(bias),
          a1 = v128.load(bias, 16);
        let b0 = a0,
          b1 = a1,
          c0 = a0,
          c1 = a1,
          d0 = a0,
          d1 = a1;
        let w = weights;
        // biome-ignore format: a pixel on a line
        for (let tap = table; tap !== tableEnd; tap += 4) {
          const offset = load<usize>(tap);
          const u = v128.load(w), v = v128.load(w, 16);
          let s = v128.load32_splat(p0 + offset);
          a0 = madd(s, u, a0); a1 = madd(s, v, a1);
          s = v128.load32_splat(p1 + offset);
          b0 = madd(s, u, b0); b1 = madd(s, v, b1);
          s = v128.load32_splat(p2 + offset);
          c0 = madd(s, u, c0); c1 = madd(s, v, c1);
          s = v128.load32_splat(p3 + offset);
          d0 = madd(s, u, d0); d1 = madd(s, v, d1);
          w += 32;
        }
        keep(to, a0, a1, channels, floor, ceiling);
        to += (<usize>F) << 2;
        if (count > 1) keep(to, b0, b1, channels, floor, ceiling);
        to += (<usize>F) << 2;
        if (count > 2) keep(to, c0, c1, channels, floor, ceiling);
        to += (<usize>F) << 2;
        if (count > 3) keep(to, d0, d1, channels, floor, ceiling);
        to += (<usize>F) << 2;
      }
    }
  }
}

/** Stores the first `channels` of eight numbers. */
// @inline
function keep(to: usize, low: v128, high: v128, channels: i32, floor: v128, ceiling: v128): void {
  if (channels === 8) {
    v128.store(to, f32x4.pmin(f32x4.pmax(low, floor), ceiling));
    v128.store(to, f32x4.pmin(f32x4.pmax(high, floor), ceiling), 16);
    return;
  }
  v128.store(scratch(), f32x4.pmin(f32x4.pmax(low, floor), ceiling));
  v128.store(scratch(), f32x4.pmin(f32x4.pmax(high, floor), ceiling), 16);
  memory.copy(to, scratch(), (<usize>channels) << 2);
}

/** The outputs of a band behind a 2 x 2 pooling: [pooledRows, pooledColumns, F], F a multiple of eight. */
export function convolveShallowPooled(
  args: Conv2dArgs,
  band: usize,
  pooledRows: i32,
  pooledColumns: i32,
  y: usize,
  argmax: usize,
  floor: v128,
): void {
  const table = scratch() + 256;
  const tableEnd = tapTable(args, table);
  const F = args.F;
  const panelBytes = (tableEnd - table) << 3;
  const step = (<usize>(args.strideW * args.C)) << 2;
  const line = (<usize>(args.strideH * bandColumns(args) * args.C)) << 2;
  const pixelBytes = (<usize>F) << 2;
  for (let panel = 0; panel < F >> 3; panel++) {
    const weights = args.panels + <usize>panel * panelBytes;
    const bias = args.bias !== 0 ? args.bias + ((<usize>panel) << 5) : zeros();
    let offsetOut = (<usize>panel) << 5;
    for (let row = 0; row < pooledRows; row++) {
      let p0 = band + <usize>(2 * row) * line;
      for (let column = 0; column < pooledColumns; column++) {
        const p1 = p0 + step;
        const p2 = p0 + line;
        const p3 = p2 + step;
        let a0 = v128.load(bias),
          a1 = v128.load(bias, 16);
        let b0 = a0,
          b1 = a1,
          c0 = a0,
          c1 = a1,
          d0 = a0,
          d1 = a1;
        let w = weights;
        // biome-ignore format: a pixel on a line
        for (let tap = table; tap !== tableEnd; tap += 4) {
          const offset = load<usize>(tap);
          const u = v128.load(w), v = v128.load(w, 16);
          let s = v128.load32_splat(p0 + offset);
          a0 = madd(s, u, a0); a1 = madd(s, v, a1);
          s = v128.load32_splat(p1 + offset);
          b0 = madd(s, u, b0); b1 = madd(s, v, b1);
          s = v128.load32_splat(p2 + offset);
          c0 = madd(s, u, c0); c1 = madd(s, v, c1);
          s = v128.load32_splat(p3 + offset);
          d0 = madd(s, u, d0); d1 = madd(s, v, d1);
          w += 32;
        }
        const to = y + offsetOut;
        pool4(a0, b0, c0, d0, floor, to, argmax !== 0 ? argmax + offsetOut : 0);
        pool4(a1, b1, c1, d1, floor, to + 16, argmax !== 0 ? argmax + offsetOut + 16 : 0);
        p0 += 2 * step;
        offsetOut += pixelBytes;
      }
    }
  }
}
