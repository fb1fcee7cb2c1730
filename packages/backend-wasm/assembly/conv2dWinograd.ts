/**
 * conv2d for 3 x 3 kernels with stride 1, by Winograd's minimal filtering, with 2 x 2 max-pooling and an elementwise function
 * behind it where asked for. x [N,H,W,C], k [3,3,C,F], y [N,OH,OW,F] or pooled.
 *
 * A tile has 2 or 4 outputs along each axis and reads two inputs more. V = B^T d B of its inputs, M = sum over c of U * V
 * elementwise with U = G k G^T, outputs A^T M A. Cost: a tile of 4 x 4 takes 36 products for each channel and filter instead
 * of 144, one of 2 x 2 16 instead of 36, as matrix products; the transforms take some 5 additions for each number that they
 * read. An axis of 10 is cut into 4 + 4 + 2, each kind of tile a launch of its own.
 *
 * Idea: a task takes a block of tiles across samples, so that register tiles of six rows always fill. V of the block stays in
 * the second-level cache; eight filters at a time, the products go to a place that stays in the first-level cache and are
 * transformed back at once, pooled before they are stored.
 *
 * Measured against the dense operations of the whole convolution: 13 x 13 x 32 to 64 with bias, 2 x 2 pooling and relu 47 µs a
 * sample, 300% of peak; unpooled 230%; 32 x 32 x 64 to 64 with padding 290%.
 */

import { directOutput } from "./directOutput";
import { inverseRoots } from "./foldNormalization";
import { gemmPanel } from "./gemmPanel";
import {
  Conv2dWinogradArgs,
  Conv2dWinogradFiltersArgs,
  Conv2dWinogradNormalizedFiltersArgs,
  Conv2dWinogradTurnedFiltersArgs,
  WinogradFiltersArgs,
} from "./generated/args";
import { UNARY_RELU } from "./generated/constants";
import { scratch, zeros } from "./step";
import { transpose4x4 } from "./transposeBlock";
import { unaryInPlace } from "./unary";
import { transformTile } from "./winogradTiles";
import { filterLine, HALF_BYTES, HALF_LINE, outputColumn, outputRow, writeFactors } from "./winogradTransforms";

/**
 * Differences this much smaller than what a tile's outputs are summed up from are nothing but rounding. Where they would decide
 * which number of a window is the largest, or whether a gradient passes relu, these outputs are summed up directly: on MNIST the
 * first 20 losses then agree with float64 within 1e-7, as they do with direct sums alone; by transforms alone they part by 1e-3. It
 * happens to few outputs, and costs less than 1% of a step. Where no kernel is given, such differences count as none.
 */
const ROUNDING: f32 = 1.0 / 524288.0;

/** U = G k G^T. One task: eight filters. */
export function conv2dWinogradFilters(args: Conv2dWinogradFiltersArgs, task: i32): void {
  transformFilters(args, task, 0, 0, 0);
}

/** The same of filters times gamma / sqrt(variance + epsilon), for a batch normalization behind the convolution. */
export function conv2dWinogradNormalizedFilters(args: Conv2dWinogradNormalizedFiltersArgs, task: i32): void {
  transformFilters(args, task, args.variance, args.gamma, args.epsilon);
}

/** Without factors where `variance` is 0. */
// @inline
function transformFilters(args: WinogradFiltersArgs, task: i32, variance: usize, gamma: usize, epsilon: f32): void {
  const C = args.C;
  const tap = (<usize>(C * args.F)) << 2;
  const stride = (<usize>C) << 5;
  const half = scratch();
  const tileH = args.tileH;
  const tileW = args.tileW;
  const start = args.filters + <usize>(task * tileH * tileW) * stride;
  const panel = (<usize>task) << 5;
  const low = variance !== 0 ? inverseRoots(variance, gamma, panel, epsilon) : f32x4.splat(1);
  const high = variance !== 0 ? inverseRoots(variance, gamma, panel + 16, epsilon) : low;
  for (let c = 0; c < C; c++) {
    for (let side: usize = 0; side < 32; side += 16) {
      const from = args.kernel + ((<usize>(c * args.F + task * 8)) << 2) + side;
      const to = start + ((<usize>c) << 5) + side;
      for (let j: usize = 0; j < 3; j++) filterLine(tileH, from + j * tap, 3 * tap, half + j * 16, 48);
      if (variance !== 0) {
        const factors = side === 0 ? low : high;
        const end = half + <usize>tileH * 48;
        for (let at = half; at < end; at += 16) v128.store(at, f32x4.mul(v128.load(at), factors));
      }
      for (let i = 0; i < tileH; i++) {
        filterLine(tileW, half + <usize>i * 48, 16, to + <usize>(i * tileW) * stride, stride);
      }
    }
  }
}

/**
 * The same for the gradient of a convolution's input, which is a convolution of the gradient of its output: the kernel is
 * turned by half a turn, and its filters have the places of its channels.
 */
export function conv2dWinogradTurnedFilters(args: Conv2dWinogradTurnedFiltersArgs, task: i32): void {
  const C = args.C;
  const stride = (<usize>C) << 5;
  const half = scratch();
  const taps = half + HALF_BYTES;
  const tileH = args.tileH;
  const tileW = args.tileW;
  const line = (<usize>C) << 2;
  const tap = <usize>args.F * line;
  const start = args.filters + <usize>(task * tileH * tileW) * stride;
  for (let c = 0; c < C; c += 4) {
    for (let side = 0; side < 8; side += 4) {
      let from = args.kernel + <usize>(task * 8 + side) * line + ((<usize>c) << 2) + 8 * tap;
      for (let i: usize = 0; i < 576; i += 64) {
        transpose4x4(from, line, taps + i, 16);
        from -= tap;
      }
      for (let i: usize = 0; i < 4; i++) {
        const filter = taps + i * 16;
        const to = start + (<usize>c + i) * 32 + ((<usize>side) << 2);
        for (let j: usize = 0; j < 3; j++) filterLine(tileH, filter + j * 64, 192, half + j * 16, 48);
        for (let k = 0; k < tileH; k++) {
          filterLine(tileW, half + <usize>k * 48, 16, to + <usize>(k * tileW) * stride, stride);
        }
      }
    }
  }
}

/** One task: a block of tiles. */
export function conv2dWinograd(args: Conv2dWinogradArgs, task: i32): void {
  const first = task * args.block;
  const count = min(args.block, args.tiles - first);
  const C = args.C;
  const cells = args.tileH * args.tileW;
  const inputs = scratch() + args.inputOffset;
  const products = scratch() + args.productOffset;
  const factors = writeFactors(scratch());
  const patch = scratch() + args.productOffset;
  for (let t = 0; t < count; t++) {
    transformTile(args, factors, first + t, patch, inputs + ((<usize>(t * C)) << 2), 16, args.inputStride);
  }

  const panels = args.F >> 3;
  const filterStride = (<usize>C) << 5;
  const none = f32x4.splat(-Infinity);
  for (let panel = 0; panel < panels; panel++) {
    let u = args.filters + <usize>(panel * cells) * filterStride;
    let v = inputs;
    let m = products;
    for (let i = 0; i < cells; i++) {
      gemmPanel(v, (<usize>C) << 2, count, C, u, 32, m, 32, zeros(), none);
      u += filterStride;
      v += args.inputStride;
      m += args.productStride;
    }
    for (let t = 0; t < count; t++) transformOutput(args, factors, first + t, panel, products + ((<usize>t) << 5));
  }
}

/** A^T M A of eight filters, then bias, what is added, pooling and function. */
function transformOutput(args: Conv2dWinogradArgs, factors: usize, tile: i32, panel: i32, products: usize): void {
  const column = tile % args.gridColumns;
  const rest = tile / args.gridColumns;
  const row = rest % args.gridRows;
  const sample = rest / args.gridRows;
  const tileH = args.tileH;
  const tileW = args.tileW;
  const firstRow = args.firstRow + row * (tileH - 2);
  const firstColumn = args.firstColumn + column * (tileW - 2);
  const stride = <usize>args.productStride;
  const bias = args.bias !== 0 ? args.bias + ((<usize>panel) << 5) : zeros();
  const half = scratch();
  const outputs = scratch() + HALF_BYTES;
  const halfEnd = half + ((<usize>tileW) << 4);
  for (let side: usize = 0; side < 32; side += 16) {
    let m = products + side;
    let sizes = f32x4.splat(0);
    for (let j = half; j < halfEnd; j += 16) {
      sizes = outputColumn(factors, tileH, m, <usize>tileW * stride, j, sizes);
      m += stride;
    }
    const limit = f32x4.mul(sizes, f32x4.splat(ROUNDING));
    for (let i: usize = 0; i < <usize>(tileH - 2); i++)
      outputRow(factors, tileW, half + i * HALF_LINE, outputs + (i << 6));
    const offset = ((<usize>panel) << 5) + side;
    if (args.pooledRows > 0) storePooled(args, sample, firstRow, firstColumn, v128.load(bias + side), limit, offset);
    else storeTile(args, sample, firstRow, firstColumn, v128.load(bias + side), limit, offset);
  }
}

/** 0 where a number is below the limit of what is rounding. */
// @inline
function settled(v: v128, limit: v128): v128 {
  return v128.andnot(v, f32x4.lt(f32x4.abs(v), limit));
}

/** Position of the first of a, b, c that reaches `least`, otherwise 3. */
// @inline
function firstOf(a: v128, b: v128, c: v128, least: v128): v128 {
  const lower = v128.bitselect(i32x4.splat(2), i32x4.splat(3), f32x4.ge(c, least));
  return v128.andnot(v128.bitselect(i32x4.splat(1), lower, f32x4.ge(b, least)), f32x4.ge(a, least));
}

/** Whether rounding decides for one of four filters which of a window's numbers is the largest, or whether a gradient passes relu. */
// @inline
function isDoubtful(a: v128, b: v128, c: v128, d: v128, largest: v128, limit: v128, floor: v128): bool {
  const least = f32x4.sub(largest, limit);
  // Minus the number of those that may be the largest.
  const some = i32x4.add(
    i32x4.add(f32x4.ge(a, least), f32x4.ge(b, least)),
    i32x4.add(f32x4.ge(c, least), f32x4.ge(d, least)),
  );
  const positive = f32x4.gt(f32x4.add(largest, limit), floor);
  const near = f32x4.lt(f32x4.abs(f32x4.sub(largest, floor)), limit);
  return v128.any_true(v128.and(positive, v128.or(i32x4.lt_s(some, i32x4.splat(-1)), near)));
}

// @inline
function floorOf(args: Conv2dWinogradArgs): v128 {
  return f32x4.splat(args.unary === UNARY_RELU ? 0 : -Infinity);
}

/** The windows of a tile, one number each; outputs lie four to a row in scratch memory. */
function storePooled(
  args: Conv2dWinogradArgs,
  sample: i32,
  firstRow: i32,
  firstColumn: i32,
  bias: v128,
  limit: v128,
  offset: usize,
): void {
  const outputs = scratch() + HALF_BYTES;
  const floor = floorOf(args);
  const addend = args.addend;
  const exact = args.kernel !== 0 && args.argmax !== 0 && addend === 0;
  const rows = min((args.tileH - 2) >> 1, args.pooledRows - (firstRow >> 1));
  const columns = min((args.tileW - 2) >> 1, args.pooledColumns - (firstColumn >> 1));
  for (let i = 0; i < rows; i++) {
    const line = (sample * args.pooledRows + (firstRow >> 1) + i) * args.pooledColumns + (firstColumn >> 1);
    for (let j = 0; j < columns; j++) {
      const at = ((<usize>((line + j) * args.F)) << 2) + offset;
      const window = outputs + <usize>((i << 7) + (j << 5));
      let a = f32x4.add(v128.load(window), bias);
      let b = f32x4.add(v128.load(window, 16), bias);
      let c = f32x4.add(v128.load(window, 64), bias);
      let d = f32x4.add(v128.load(window, 80), bias);
      if (addend !== 0) {
        const pixel = (<usize>args.F) << 2;
        const first = (sample * args.OH + firstRow + 2 * i) * args.OW + firstColumn + 2 * j;
        const upper = addend + <usize>first * pixel + offset;
        const lower = upper + <usize>args.OW * pixel;
        a = f32x4.add(a, v128.load(upper));
        b = f32x4.add(b, v128.load(upper + pixel));
        c = f32x4.add(c, v128.load(lower));
        d = f32x4.add(d, v128.load(lower + pixel));
      }
      let largest = f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d));
      if (exact && isDoubtful(a, b, c, d, largest, limit, floor)) {
        const h = firstRow + 2 * i;
        const w = firstColumn + 2 * j;
        a = f32x4.add(directOutput(args, sample, h, w, offset), bias);
        b = f32x4.add(directOutput(args, sample, h, w + 1, offset), bias);
        c = f32x4.add(directOutput(args, sample, h + 1, w, offset), bias);
        d = f32x4.add(directOutput(args, sample, h + 1, w + 1, offset), bias);
        largest = f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d));
        v128.store(args.y + at, f32x4.pmax(largest, floor));
        v128.store(args.argmax + at, firstOf(a, b, c, largest));
      } else {
        v128.store(args.y + at, f32x4.pmax(settled(largest, limit), floor));
        if (args.argmax !== 0) v128.store(args.argmax + at, firstOf(a, b, c, f32x4.sub(largest, limit)));
      }
      if (args.unary > UNARY_RELU) unaryInPlace(args.y + at, 4, args.unary, args.alpha);
    }
  }
}

/** The outputs of a tile that lie inside y. */
function storeTile(
  args: Conv2dWinogradArgs,
  sample: i32,
  firstRow: i32,
  firstColumn: i32,
  bias: v128,
  limit: v128,
  offset: usize,
): void {
  const outputs = scratch() + HALF_BYTES;
  const floor = floorOf(args);
  const addend = args.addend;
  const rows = min(args.tileH - 2, args.OH - firstRow);
  const columns = min(args.tileW - 2, args.OW - firstColumn);
  const pixel = (<usize>args.F) << 2;
  const exact = args.kernel !== 0 && args.unary === UNARY_RELU && addend === 0;
  for (let i = 0; i < rows; i++) {
    const line = (sample * args.OH + firstRow + i) * args.OW + firstColumn;
    let at = <usize>line * pixel + offset;
    const from = outputs + ((<usize>i) << 6);
    const end = from + ((<usize>columns) << 4);
    for (let output = from; output < end; output += 16) {
      const y = args.y + at;
      let value = f32x4.add(v128.load(output), bias);
      const near = f32x4.lt(f32x4.abs(value), limit);
      if (exact && v128.any_true(near)) {
        const column = firstColumn + <i32>((output - from) >> 4);
        value = f32x4.add(directOutput(args, sample, firstRow + i, column, offset), bias);
      } else value = v128.andnot(value, near);
      if (addend !== 0) value = f32x4.add(value, v128.load(addend + at));
      v128.store(y, f32x4.pmax(value, floor));
      if (args.unary > UNARY_RELU) unaryInPlace(y, 4, args.unary, args.alpha);
      at += pixel;
    }
  }
}
