/**
 * conv2d y[n,oh,ow,f] = bias[f] + sum over kh,kw,c of x[n, oh SH + kh DH - top, ow SW + kw DW - left, c] k[kh,kw,c,f], with
 * an addend [N,OH,OW,F], max-pooling and an elementwise function behind it where asked for; x [N,H,W,C], k [KH,KW,C,F], y
 * [N,OH,OW,F]. An addend is added to a band of outputs while that is in the cache.
 *
 * Cost: 2 OH OW F KH KW C operations a sample; with a pooling that leaves rows or columns out, only those that it keeps.
 * Idea: a matrix product without building the matrix. The taps of a kernel row are contiguous in NHWC, so a tile of four
 * pixels and eight output channels runs over KW C numbers at a time straight from the input, kernel in panels of eight
 * channels. Inputs of few channels, whose runs are too short for that, have a kernel of their own (conv2dShallow.ts),
 * and so have 3 x 3 kernels (conv2dWinograd.ts).
 *
 * Measured: 7 x 7 with strides of 2 over 224 x 224 x 3 to 64 98% of peak (Zen 4, Node 24), with 3 x 3 pooling behind it 93%;
 * 5 x 5 over 13 x 13 x 32 to 64 98% of peak; 3 x 3 with bias, 2 x 2 pooling and relu 98%, of what it computes.
 */

import { addNumbers } from "./add";
import { convolveShallow, convolveShallowPooled } from "./conv2dShallow";
import { Conv2dArgs, PoolingArgs } from "./generated/args";
import { UNARY_NONE, UNARY_RELU, UNARY_RELU6 } from "./generated/constants";
import { isTwoByTwo, maxPool2dImage } from "./maxPool2d";
import { bandColumns, inputBand } from "./paddedBand";
import { scratch, zeros } from "./step";
import { tileRuns4x8 } from "./tiles";
import { unaryInPlace } from "./unary";

/** One task: a band of output rows of one sample. */
export function conv2d(args: Conv2dArgs, task: i32): void {
  const sample = task / args.bands;
  const firstRow = (task % args.bands) * args.bandRows;
  const rows = min(args.bandRows, args.rows - firstRow);
  const image = args.x + <usize>sample * <usize>(args.H * args.W * args.C) * 4;
  const pool = changetype<PoolingArgs>(changetype<usize>(args) + offsetof<Conv2dArgs>());
  if (args.pooledRows > 0) {
    convolveUnderWindows(args, pool, image, sample, firstRow, min(args.bandRows, pool.OH - firstRow));
    return;
  }
  const band = inputBand(args, image, firstRow, rows, scratch() + args.bandOffset);
  const F = args.F;
  if (!args.pooled) {
    const y = args.y + <usize>((sample * args.OH + firstRow) * args.OW * F) * 4;
    convolve(args, band, rows, y);
    if (args.addend !== 0) {
      const addend = args.addend + (y - args.y);
      const floor = f32x4.splat(args.unary === UNARY_RELU ? 0 : -Infinity);
      addNumbers(y, addend, y, rows * args.OW * F, floor);
    }
    if (args.unary > (args.addend !== 0 ? UNARY_RELU : UNARY_RELU6)) {
      unaryInPlace(y, rows * args.OW * F, args.unary, args.alpha);
    }
    return;
  }
  const firstPooled = args.bands === 1 ? 0 : firstRow / pool.strideH;
  const pooledRows = args.bands === 1 ? pool.OH : rows / pool.strideH;
  const offset = <usize>((sample * pool.OH + firstPooled) * pool.OW * F) * 4;
  if (args.shallow && args.addend === 0 && (F & 7) === 0 && isTwoByTwo(pool) && rows >= 2 * pooledRows) {
    const floor = f32x4.splat(args.unary === UNARY_RELU ? 0 : -Infinity);
    const argmax = args.argmax !== 0 ? args.argmax + offset : 0;
    convolveShallowPooled(args, band, pooledRows, pool.OW, args.y + offset, argmax, floor);
    if (args.unary > UNARY_RELU) unaryInPlace(args.y + offset, pooledRows * pool.OW * F, args.unary, args.alpha);
    return;
  }
  const outputs = scratch() + args.outputOffset;
  convolve(args, band, rows, outputs);
  if (args.addend !== 0) addToRows(args, sample, firstRow, rows, outputs);
  maxPool2dImage(
    pool,
    outputs,
    rows,
    -pool.top,
    pooledRows,
    args.y + offset,
    args.argmax !== 0 ? args.argmax + offset : 0,
  );
  if (args.unary !== UNARY_NONE) unaryInPlace(args.y + offset, pooledRows * pool.OW * F, args.unary, args.alpha);
}

/**
 * Pooled rows whose windows overlap, or have padding or gaps: some at a time, whose outputs stay in the second-level cache; those
 * that the next windows read as well are kept.
 */
function convolveUnderWindows(
  args: Conv2dArgs,
  pool: PoolingArgs,
  image: usize,
  sample: i32,
  firstPooled: i32,
  pooledRows: i32,
): void {
  const F = args.F;
  const span = (pool.KH - 1) * pool.dilationH + 1;
  const line = (<usize>(args.columns * F)) << 2;
  const pooledLine = (<usize>(pool.OW * F)) << 2;
  const outputs = scratch() + args.outputOffset;
  const first = <usize>(sample * pool.OH + firstPooled) * pooledLine;
  let kept: i32 = 0;
  let end: i32 = 0;
  for (let done = 0; done < pooledRows; done += args.pooledRows) {
    const count = min(args.pooledRows, pooledRows - done);
    const start = (firstPooled + done) * pool.strideH - pool.top;
    const low = min(max(0, start), args.rows);
    const high = max(low, min(args.rows, start + (count - 1) * pool.strideH + span));
    let fresh = low;
    if (end > low) {
      memory.copy(outputs, outputs + <usize>(low - kept) * line, <usize>(end - low) * line);
      fresh = end;
    }
    if (high > fresh) {
      const band = inputBand(args, image, fresh, high - fresh, scratch() + args.bandOffset);
      const to = outputs + <usize>(fresh - low) * line;
      convolve(args, band, high - fresh, to);
      if (args.addend !== 0) addToRows(args, sample, fresh, high - fresh, to);
    }
    kept = low;
    end = high;
    const offset = first + <usize>done * pooledLine;
    const argmax = args.argmax !== 0 ? args.argmax + offset : 0;
    maxPool2dImage(pool, outputs, high - low, start - low, count, args.y + offset, argmax);
    if (args.unary !== UNARY_NONE) unaryInPlace(args.y + offset, count * pool.OW * F, args.unary, args.alpha);
  }
}

/** Adds the addend to rows of outputs in scratch memory, of which only the columns that a pooling reads are there. */
function addToRows(args: Conv2dArgs, sample: i32, firstRow: i32, rows: i32, outputs: usize): void {
  const floor = f32x4.splat(-Infinity);
  const line = args.columns * args.F;
  for (let row = 0; row < rows; row++) {
    const addend = args.addend + ((<usize>((sample * args.OH + firstRow + row) * args.OW * args.F)) << 2);
    const to = outputs + ((<usize>(row * line)) << 2);
    addNumbers(to, addend, to, line, floor);
  }
}

/** The outputs of a band at `y`, [rows, columns, F]. */
function convolve(args: Conv2dArgs, band: usize, rows: i32, y: usize): void {
  const last = !args.pooled && args.addend === 0;
  const relu6 = last && args.unary === UNARY_RELU6;
  const floor = f32x4.splat(relu6 || (last && args.unary === UNARY_RELU) ? 0 : -Infinity);
  const ceiling = f32x4.splat(relu6 ? 6 : Infinity);
  if (args.shallow) {
    convolveShallow(args, band, rows, y, floor, ceiling);
    return;
  }
  const panels = (args.F + 7) >> 3;
  for (let panel = 0; panel < panels; panel++) convolvePanel(args, band, rows, panel, y, floor, ceiling);
}

// @inline
function biasOf(args: Conv2dArgs, panel: i32): usize {
  return args.bias !== 0 ? args.bias + ((<usize>panel) << 5) : zeros();
}

/** Eight output channels of a band. */
function convolvePanel(
  args: Conv2dArgs,
  band: usize,
  rows: i32,
  panel: i32,
  y: usize,
  floor: v128,
  ceiling: v128,
): void {
  const F = args.F;
  const channels = min(8, F - panel * 8);
  const partial = channels < 8;
  const stride: usize = partial ? 32 : (<usize>F) << 2;
  const bias = biasOf(args, panel);
  const bandRowBytes = (<usize>(bandColumns(args) * args.C)) << 2;
  // With dilated columns a run of contiguous taps is one pixel, otherwise a whole row of the kernel.
  const dilated = args.dilationW > 1;
  const run = dilated ? args.C : args.KW * args.C;
  const runsInRow = dilated ? args.KW : 1;
  const runStep = (<usize>(args.dilationW * args.C)) << 2;
  const tapRowStep = <usize>args.dilationH * bandRowBytes;
  const panelOf = args.panels + <usize>panel * ((<usize>(args.KH * args.KW * args.C)) << 5);

  const columns = args.columns;
  const step = (<usize>(args.strideW * args.C)) << 2;
  const turn = <usize>args.strideH * bandRowBytes - <usize>(columns - 1) * step;
  let column: i32 = 0;
  let p = band;
  let c = partial ? scratch() : y + ((<usize>panel) << 5);
  let pixel: i32 = 0;
  for (let left = rows * columns; left > 0; left -= 4) {
    const count = min(4, left);
    const a0 = p;
    if (++column === columns) {
      column = 0;
      p += turn;
    } else p += step;
    const a1 = count > 1 ? p : a0;
    if (count > 1) {
      if (++column === columns) {
        column = 0;
        p += turn;
      } else p += step;
    }
    const a2 = count > 2 ? p : a1;
    if (count > 2) {
      if (++column === columns) {
        column = 0;
        p += turn;
      } else p += step;
    }
    const a3 = count > 3 ? p : a2;
    if (count > 3) {
      if (++column === columns) {
        column = 0;
        p += turn;
      } else p += step;
    }
    const c1 = count > 1 ? c + stride : c;
    const c2 = count > 2 ? c1 + stride : c1;
    const c3 = count > 3 ? c2 + stride : c2;
    tileRuns4x8(
      a0,
      a1,
      a2,
      a3,
      run,
      runsInRow,
      runStep,
      args.KH,
      tapRowStep,
      panelOf,
      c,
      c1,
      c2,
      c3,
      bias,
      floor,
      ceiling,
    );
    if (partial) keepChannels(y, pixel, count, F, panel, channels);
    else c += <usize>count * stride;
    pixel += count;
  }
}

/** Copies the first `channels` of eight from the tile in scratch memory to `count` pixels. */
function keepChannels(y: usize, pixel: i32, count: i32, F: i32, panel: i32, channels: i32): void {
  for (let i = 0; i < count; i++) {
    const to = y + ((<usize>((pixel + i) * F + panel * 8)) << 2);
    memory.copy(to, scratch() + ((<usize>i) << 5), (<usize>channels) << 2);
  }
}
