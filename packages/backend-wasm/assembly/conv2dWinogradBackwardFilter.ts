/**
 * conv2dBackwardFilter for 3 x 3 kernels with stride 1 where most gradients are not 0, by Winograd's minimal filtering
 * F(3x3, 4x4) and F(3x3, 2x2): dk[kh,kw,c,f] = sum over tiles of A^T (V W) A, V = B^T d B of the inputs of a tile as in
 * conv2d's own form, W = G g G^T of its 4 x 4 or 2 x 2 gradients; and the bias gradient, db[f] = sum of g.
 *
 * Cost: a tile of 4 x 4 takes 36 products for each channel and filter instead of 144. As A^T . A is linear, products are summed
 * up over all tiles before it: 36 matrix products V^T W with the tiles as the inner dimension. Idea: V lies in groups of
 * four channels and W in panels of eight filters, so the register tile reads both as they stand.
 *
 * Some tiles at a time, in turns: first V and W, then the products, which go on from those of the tiles before. So nothing
 * but these tiles takes memory, and sums have one order.
 */

import { WinogradGradientsArgs, WinogradInputsArgs, WinogradKernelArgs, WinogradProductsArgs } from "./generated/args";
import { scratch, zeros } from "./step";
import { tilePacked4x8 } from "./tiles";
import { copyPatch, transformTile } from "./winogradTiles";
import { gradientColumn, gradientRow, HALF_BYTES, HALF_LINE, tapLine, writeFactors } from "./winogradTransforms";

/** One task: V of some tiles. */
export function winogradInputs(args: WinogradInputsArgs, task: i32): void {
  const first = task * args.block;
  const end = min(first + args.block, args.tiles);
  const factors = writeFactors(scratch());
  const patch = scratch() + HALF_BYTES;
  for (let t = first; t < end; t++) {
    transformTile(
      args,
      factors,
      args.firstTile + t,
      patch,
      args.to + ((<usize>t) << 4),
      args.groupStride,
      args.cellStride,
    );
  }
}

/** One task: W of some tiles, and the sum of their gradients. */
export function winogradGradients(args: WinogradGradientsArgs, task: i32): void {
  const first = task * args.block;
  const end = min(first + args.block, args.tiles);
  const rows = args.tileH - 2;
  const columns = args.tileW - 2;
  const pixel = (<usize>args.C) << 2;
  const factors = writeFactors(scratch());
  const patch = scratch() + HALF_BYTES;
  const patchEnd = patch + <usize>(rows * columns) * pixel;
  const bias = args.biasPartials !== 0 ? args.biasPartials + <usize>task * pixel : 0;
  if (bias !== 0) memory.fill(bias, 0, pixel);
  for (let t = first; t < end; t++) {
    const tile = args.firstTile + t;
    const column = tile % args.gridColumns;
    const rest = tile / args.gridColumns;
    const row = rest % args.gridRows;
    const top = args.firstRow + row * rows;
    copyPatch(args, rest / args.gridRows, top, args.firstColumn + column * columns, rows, columns, patch);
    if (bias !== 0) {
      for (let at = patch; at < patchEnd; at += pixel) addTo(bias, at, pixel);
    }
    transformGradients(args, factors, patch, args.to + ((<usize>t) << 5));
  }
}

function addTo(sum: usize, from: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(sum + i, f32x4.add(v128.load(sum + i), v128.load(from + i)));
  }
}

/** G g G^T of a patch. */
function transformGradients(args: WinogradGradientsArgs, factors: usize, patch: usize, to: usize): void {
  const tileH = args.tileH;
  const tileW = args.tileW;
  const pixel = (<usize>args.C) << 2;
  const line = <usize>(tileW - 2) * pixel;
  const half = scratch();
  const halfEnd = half + ((<usize>(tileW - 2)) << 4);
  const linesEnd = half + <usize>tileH * HALF_LINE;
  const stride = <usize>args.cellStride;
  const step = <usize>tileW * stride;
  for (let f: usize = 0; f < pixel; f += 16) {
    let from = patch + f;
    for (let j = half; j < halfEnd; j += 16) {
      gradientColumn(factors, tileH, from, line, j);
      from += pixel;
    }
    let w = to + (f >> 5) * <usize>args.panelStride + (f & 16);
    for (let i = half; i < linesEnd; i += HALF_LINE) {
      gradientRow(factors, tileW, i, w, stride);
      w += step;
    }
  }
}

/** One task: some panels of one of the matrices V^T W. */
export function winogradProducts(args: WinogradProductsArgs, task: i32): void {
  const cell = task / args.panelTasks;
  const panels = args.F >> 3;
  const firstPanel = (task % args.panelTasks) * args.panelBlock;
  const endPanel = min(firstPanel + args.panelBlock, panels);
  const inputs = args.inputs + <usize>cell * <usize>args.inputStride;
  const gradients = args.gradients + <usize>cell * <usize>args.gradientStride;
  for (let panel = firstPanel; panel < endPanel; panel++) {
    const w = gradients + <usize>panel * <usize>args.panelStride;
    let v = inputs;
    let m = args.products + ((<usize>((cell * panels + panel) * args.C)) << 5);
    for (let c = 0; c < args.C; c += 4) {
      tilePacked4x8(v, args.tiles, w, m, args.first ? zeros() : 0);
      v += args.groupStride;
      m += 128;
    }
  }
}

/** A^T M A. One task: eight filters. */
export function winogradKernel(args: WinogradKernelArgs, task: i32): void {
  const C = args.C;
  const tileH = args.tileH;
  const tileW = args.tileW;
  const stride = <usize>args.F * <usize>C * 4;
  const tap = stride;
  const half = scratch();
  const taps = half + HALF_BYTES;
  const halfLine = (<usize>tileW) << 4;
  for (let c = 0; c < C; c++) {
    for (let side: usize = 0; side < 32; side += 16) {
      let m = args.products + ((<usize>(task * C + c)) << 5) + side;
      for (let j: usize = 0; j < halfLine; j += 16) {
        tapLine(tileH, m, <usize>tileW * stride, half + j, halfLine);
        m += stride;
      }
      let to = args.kernel + ((<usize>(c * args.F + task * 8)) << 2) + side;
      for (let i: usize = 0; i < 3; i++) {
        tapLine(tileW, half + i * halfLine, 16, taps, 16);
        for (let j: usize = 0; j < 48; j += 16) {
          const sum = v128.load(taps + j);
          v128.store(to, args.first ? sum : f32x4.add(v128.load(to), sum));
          to += tap;
        }
      }
    }
  }
}
