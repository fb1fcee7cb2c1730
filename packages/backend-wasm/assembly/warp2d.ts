/**
 * warp2d y[n,oh,ow] = the pixel of x at (t0 ow + t1 oh + t2, t3 ow + t4 oh + t5) / 2^F, t = transforms[n], or the mean of the
 * four around it, scaled and shifted: [N,H,W,C] -> [N,OH,OW,C]. fusedGatherRows.ts has the same of bytes.
 *
 * Cost: 9 operations a number between pixels and about as many for each four pixels to find them. One task is a band of rows of
 * an image. Idea: four pixels at a time. Where all that they are made of lies in the image, two neighbours are one load; elsewhere
 * each index is mapped by the fill mode, by vectors as long as it lies within a period of the image.
 *
 * Measured on one thread, with relaxed SIMD: 28x28x1 between pixels in 2.3 µs an image whatever the fill mode, nearest in 1.4 µs;
 * 32x32x3 in 6.5 µs and 4.2 µs, from bytes or float32.
 */

import { Warp2dArgs, WarpingArgs } from "./generated/args";
import { FILL_CONSTANT, FILL_NEAREST, FILL_REFLECT } from "./generated/constants";
import { madd, storeTail } from "./simd";

/** Where indices of so many pixels outside 0 ... L - 1 are read instead, far away. */
function farIndex(i: i32, L: i32, fillMode: i32): i32 {
  const period = fillMode === FILL_REFLECT ? 2 * L : L;
  const rest = i % period;
  const place = rest < 0 ? rest + period : rest;
  return place < L ? place : period - 1 - place;
}

/** The indices, 0 to L - 1, that the fill mode has in place of four; the nearest where they are to become the fill value. */
function mapped(i: v128, L: i32, fillMode: i32): v128 {
  const length = i32x4.splat(L);
  if (fillMode === FILL_NEAREST || fillMode === FILL_CONSTANT) {
    return i32x4.max_s(i32x4.min_s(i, i32x4.sub(length, i32x4.splat(1))), i32x4.splat(0));
  }
  const negative = i32x4.shr_s(i, 31);
  const near = i32x4.lt_u(i32x4.add(i, length), i32x4.add(length, length));
  if (!v128.all_true<i32>(v128.or(near, i32x4.lt_u(i, i32x4.add(length, length))))) {
    const first = farIndex(i32x4.extract_lane(i, 0), L, fillMode);
    const second = farIndex(i32x4.extract_lane(i, 1), L, fillMode);
    const third = farIndex(i32x4.extract_lane(i, 2), L, fillMode);
    const fourth = farIndex(i32x4.extract_lane(i, 3), L, fillMode);
    const v = i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(first), 1, second), 2, third);
    return i32x4.replace_lane(v, 3, fourth);
  }
  if (fillMode === FILL_REFLECT) {
    const place = v128.xor(i, negative);
    return i32x4.min_s(place, i32x4.sub(i32x4.splat(2 * L - 1), place));
  }
  const place = i32x4.add(i, v128.and(length, negative));
  return i32x4.sub(place, v128.and(length, i32x4.ge_s(place, length)));
}

/** Four numbers at offsets in elements. */
// @inline
function gather4(base: usize, at: v128, bytes: bool): v128 {
  if (bytes) {
    let v = i32x4.splat(0);
    v = v128.load_lane<u8>(base + i32x4.extract_lane(at, 0), v, 0);
    v = v128.load_lane<u8>(base + i32x4.extract_lane(at, 1), v, 4);
    v = v128.load_lane<u8>(base + i32x4.extract_lane(at, 2), v, 8);
    v = v128.load_lane<u8>(base + i32x4.extract_lane(at, 3), v, 12);
    return f32x4.convert_i32x4_s(v);
  }
  let v = v128.load32_zero(base + (i32x4.extract_lane(at, 0) << 2));
  v = v128.load_lane<u32>(base + (i32x4.extract_lane(at, 1) << 2), v, 1);
  v = v128.load_lane<u32>(base + (i32x4.extract_lane(at, 2) << 2), v, 2);
  return v128.load_lane<u32>(base + (i32x4.extract_lane(at, 3) << 2), v, 3);
}

/** For each of four pixels at offsets in elements the mean of it and the next, weighted by `next`. */
// @inline
function mixNeighbours(base: usize, at: v128, next: v128, bytes: bool): v128 {
  if (bytes) {
    let pairs = i32x4.splat(0);
    pairs = v128.load_lane<u16>(base + i32x4.extract_lane(at, 0), pairs, 0);
    pairs = v128.load_lane<u16>(base + i32x4.extract_lane(at, 1), pairs, 2);
    pairs = v128.load_lane<u16>(base + i32x4.extract_lane(at, 2), pairs, 4);
    pairs = v128.load_lane<u16>(base + i32x4.extract_lane(at, 3), pairs, 6);
    const left = f32x4.convert_i32x4_s(v128.and(pairs, i32x4.splat(255)));
    return mix(left, f32x4.convert_i32x4_s(i32x4.shr_u(pairs, 8)), next);
  }
  let low = v128.load64_zero(base + (i32x4.extract_lane(at, 0) << 2));
  low = v128.load_lane<u64>(base + (i32x4.extract_lane(at, 1) << 2), low, 1);
  let high = v128.load64_zero(base + (i32x4.extract_lane(at, 2) << 2));
  high = v128.load_lane<u64>(base + (i32x4.extract_lane(at, 3) << 2), high, 1);
  const left = v128.shuffle<i32>(low, high, 0, 2, 4, 6);
  return mix(left, v128.shuffle<i32>(low, high, 1, 3, 5, 7), next);
}

/** a (1 - weight) + b weight */
// @inline
function mix(a: v128, b: v128, weight: v128): v128 {
  return madd(f32x4.sub(b, a), weight, a);
}

/** Four channels of the pixel at an offset in elements. */
// @inline
function channels4(base: usize, at: i32, bytes: bool): v128 {
  if (!bytes) return v128.load(base + (at << 2));
  const words = i16x8.extend_low_i8x16_u(v128.load32_zero(base + at));
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(words));
}

// Where the four pixels of a vector are read: offsets in elements of those at the top left, top right, ..., and whether they are
// in the image.
let topLeft: v128 = i32x4.splat(0);
let topRight: v128 = i32x4.splat(0);
let bottomLeft: v128 = i32x4.splat(0);
let bottomRight: v128 = i32x4.splat(0);
let isTopLeft: v128 = i32x4.splat(0);
let isTopRight: v128 = i32x4.splat(0);
let isBottomLeft: v128 = i32x4.splat(0);
let isBottomRight: v128 = i32x4.splat(0);

/** Finds what four pixels are made of, any of which may be beyond the edges. */
function findPixels(args: WarpingArgs, column: v128, row: v128): void {
  const fillMode = args.fillMode;
  const one = i32x4.splat(1);
  const nextColumn = i32x4.add(column, one);
  const nextRow = i32x4.add(row, one);
  const pixel = i32x4.splat(args.C);
  const rowSize = i32x4.splat(args.W * args.C);
  const left = i32x4.mul(mapped(column, args.W, fillMode), pixel);
  const top = i32x4.mul(mapped(row, args.H, fillMode), rowSize);
  topLeft = i32x4.add(top, left);
  if (args.bilinear) {
    const right = i32x4.mul(mapped(nextColumn, args.W, fillMode), pixel);
    const bottom = i32x4.mul(mapped(nextRow, args.H, fillMode), rowSize);
    topRight = i32x4.add(top, right);
    bottomLeft = i32x4.add(bottom, left);
    bottomRight = i32x4.add(bottom, right);
  }
  if (fillMode === FILL_CONSTANT) {
    const width = i32x4.splat(args.W);
    const height = i32x4.splat(args.H);
    const isLeft = i32x4.lt_u(column, width);
    const isRight = i32x4.lt_u(nextColumn, width);
    const isTop = i32x4.lt_u(row, height);
    const isBottom = i32x4.lt_u(nextRow, height);
    isTopLeft = v128.and(isTop, isLeft);
    isTopRight = v128.and(isTop, isRight);
    isBottomLeft = v128.and(isBottom, isLeft);
    isBottomRight = v128.and(isBottom, isRight);
  }
}

/** Four pixels of one channel that `findPixels` has found. */
// @inline
function edgePixels(args: WarpingArgs, base: usize, x: v128, y: v128, bytes: bool, bilinear: bool): v128 {
  const constant = args.fillMode === FILL_CONSTANT;
  const fill = f32x4.splat(args.fillValue);
  let a = gather4(base, topLeft, bytes);
  if (constant) a = v128.bitselect(a, fill, isTopLeft);
  if (!bilinear) return a;
  let b = gather4(base, topRight, bytes);
  let c = gather4(base, bottomLeft, bytes);
  let d = gather4(base, bottomRight, bytes);
  if (constant) {
    b = v128.bitselect(b, fill, isTopRight);
    c = v128.bitselect(c, fill, isBottomLeft);
    d = v128.bitselect(d, fill, isBottomRight);
  }
  return mix(mix(a, b, x), mix(c, d, x), y);
}

/** The lanes one further, for loops over lanes. */
// @inline
function next(v: v128): v128 {
  return v128.shuffle<i32>(v, v, 1, 2, 3, 0);
}

/** `count` pixels of several channels that `findPixels` has found. */
// @inline
function storeEdge(
  args: WarpingArgs,
  base: usize,
  to: usize,
  count: i32,
  x: v128,
  y: v128,
  bytes: bool,
  bilinear: bool,
): void {
  const constant = args.fillMode === FILL_CONSTANT;
  const fill = f32x4.splat(args.fillValue);
  const scale = f32x4.splat(args.scale);
  const offset = f32x4.splat(args.offset);
  const C = args.C;
  for (let k = 0; k < count; k++) {
    const a = i32x4.extract_lane(topLeft, 0);
    const b = i32x4.extract_lane(topRight, 0);
    const c = i32x4.extract_lane(bottomLeft, 0);
    const d = i32x4.extract_lane(bottomRight, 0);
    for (let i = 0; i < C; i += 4) {
      let v = channels4(base, a + i, bytes);
      if (constant) v = v128.bitselect(v, fill, first(isTopLeft));
      if (bilinear) {
        let right = channels4(base, b + i, bytes);
        let below = channels4(base, c + i, bytes);
        let last = channels4(base, d + i, bytes);
        if (constant) {
          right = v128.bitselect(right, fill, first(isTopRight));
          below = v128.bitselect(below, fill, first(isBottomLeft));
          last = v128.bitselect(last, fill, first(isBottomRight));
        }
        v = mix(mix(v, right, first(x)), mix(below, last, first(x)), first(y));
      }
      storeChannels(to + ((<usize>i) << 2), madd(v, scale, offset), C - i);
    }
    to += (<usize>C) << 2;
    topLeft = next(topLeft);
    isTopLeft = next(isTopLeft);
    if (bilinear) {
      topRight = next(topRight);
      bottomLeft = next(bottomLeft);
      bottomRight = next(bottomRight);
      isTopRight = next(isTopRight);
      isBottomLeft = next(isBottomLeft);
      isBottomRight = next(isBottomRight);
      x = next(x);
      y = next(y);
    }
  }
}

/** The first lane in all. */
// @inline
function first(v: v128): v128 {
  return v128.shuffle<i32>(v, v, 0, 0, 0, 0);
}

/** `count` pixels of several channels at offsets in elements, whose neighbours are all in the image. */
// @inline
function storeInner(
  args: WarpingArgs,
  base: usize,
  to: usize,
  count: i32,
  at: v128,
  x: v128,
  y: v128,
  bytes: bool,
  bilinear: bool,
): void {
  const scale = f32x4.splat(args.scale);
  const offset = f32x4.splat(args.offset);
  const C = args.C;
  const rowSize = args.W * C;
  for (let k = 0; k < count; k++) {
    const place = i32x4.extract_lane(at, 0);
    for (let i = 0; i < C; i += 4) {
      let v = channels4(base, place + i, bytes);
      if (bilinear) {
        const right = channels4(base, place + C + i, bytes);
        const below = channels4(base, place + rowSize + i, bytes);
        const last = channels4(base, place + rowSize + C + i, bytes);
        v = mix(mix(v, right, first(x)), mix(below, last, first(x)), first(y));
      }
      storeChannels(to + ((<usize>i) << 2), madd(v, scale, offset), C - i);
    }
    to += (<usize>C) << 2;
    at = next(at);
    x = next(x);
    y = next(y);
  }
}

// @inline
function storeChannels(to: usize, v: v128, count: i32): void {
  if (count >= 4) v128.store(to, v);
  else storeTail(to, v, count);
}

/** A band of rows of image n, which lies at `base`; what is true of all of it is known when the code is compiled. */
// @inline
function rows(args: WarpingArgs, base: usize, n: i32, band: i32, bytes: bool, single: bool, bilinear: bool): void {
  const transform = args.transforms + <usize>n * 24;
  const slopeX = load<i32>(transform);
  const slopeY = load<i32>(transform, 12);
  const F = args.fractionBits;
  const nearest = !bilinear && F > 0 ? 1 << (F - 1) : 0;
  const mask = i32x4.splat((1 << F) - 1);
  const unit = f32x4.splat(reinterpret<f32>((127 - F) << 23));
  const lanes = i32x4(0, 1, 2, 3);
  const laneX = i32x4.mul(i32x4.splat(slopeX), lanes);
  const laneY = i32x4.mul(i32x4.splat(slopeY), lanes);
  const stepX = i32x4.splat(slopeX << 2);
  const stepY = i32x4.splat(slopeY << 2);
  // Where the pixel to the left and above may be.
  const columns = i32x4.splat(bilinear ? args.W - 1 : args.W);
  const lines = i32x4.splat(bilinear ? args.H - 1 : args.H);
  const rowSize = i32x4.splat(args.W * args.C);
  const scale = f32x4.splat(args.scale);
  const offset = f32x4.splat(args.offset);
  const OW = args.OW;
  const pixel: usize = single ? 4 : (<usize>args.C) << 2;

  const end = min(args.OH, (band + 1) * args.block);
  let to = args.y + <usize>(n * args.OH + band * args.block) * <usize>OW * pixel;
  let fractionX = f32x4.splat(0);
  let fractionY = fractionX;
  for (let oh = band * args.block; oh < end; oh++) {
    const startX = load<i32>(transform, 4) * oh + load<i32>(transform, 8) + nearest;
    const startY = load<i32>(transform, 16) * oh + load<i32>(transform, 20) + nearest;
    let x = i32x4.add(i32x4.splat(startX), laneX);
    let y = i32x4.add(i32x4.splat(startY), laneY);
    for (let ow = 0; ow < OW; ow += 4) {
      const column = i32x4.shr_s(x, F);
      const row = i32x4.shr_s(y, F);
      if (bilinear) {
        fractionX = f32x4.mul(f32x4.convert_i32x4_s(v128.and(x, mask)), unit);
        fractionY = f32x4.mul(f32x4.convert_i32x4_s(v128.and(y, mask)), unit);
      }
      x = i32x4.add(x, stepX);
      y = i32x4.add(y, stepY);
      const inside = v128.all_true<i32>(v128.and(i32x4.lt_u(column, columns), i32x4.lt_u(row, lines)));
      const count = min(4, OW - ow);
      if (single) {
        let v: v128;
        if (inside) {
          const at = i32x4.add(i32x4.mul(row, rowSize), column);
          if (bilinear) {
            const top = mixNeighbours(base, at, fractionX, bytes);
            v = mix(top, mixNeighbours(base, i32x4.add(at, rowSize), fractionX, bytes), fractionY);
          } else {
            v = gather4(base, at, bytes);
          }
        } else {
          findPixels(args, column, row);
          v = edgePixels(args, base, fractionX, fractionY, bytes, bilinear);
        }
        storeChannels(to, madd(v, scale, offset), count);
      } else if (inside) {
        const at = i32x4.add(i32x4.mul(row, rowSize), i32x4.mul(column, i32x4.splat(args.C)));
        storeInner(args, base, to, count, at, fractionX, fractionY, bytes, bilinear);
      } else {
        findPixels(args, column, row);
        storeEdge(args, base, to, count, fractionX, fractionY, bytes, bilinear);
      }
      to += <usize>count * pixel;
    }
  }
}

/** A band of rows of image n of the batch, which lies at `base` as float32. */
export function warpNumbers(args: WarpingArgs, base: usize, n: i32, band: i32): void {
  if (args.C === 1) {
    if (args.bilinear) rows(args, base, n, band, false, true, true);
    else rows(args, base, n, band, false, true, false);
  } else if (args.bilinear) {
    rows(args, base, n, band, false, false, true);
  } else {
    rows(args, base, n, band, false, false, false);
  }
}

/** As `warpNumbers`, of bytes. */
export function warpBytes(args: WarpingArgs, base: usize, n: i32, band: i32): void {
  if (args.C === 1) {
    if (args.bilinear) rows(args, base, n, band, true, true, true);
    else rows(args, base, n, band, true, true, false);
  } else if (args.bilinear) {
    rows(args, base, n, band, true, false, true);
  } else {
    rows(args, base, n, band, true, false, false);
  }
}

export function warp2d(args: Warp2dArgs, task: i32): void {
  const n = task / args.pieces;
  const imageBytes = <usize>(args.H * args.W * args.C) * 4;
  warpNumbers(args, args.x + <usize>n * imageBytes, n, task % args.pieces);
}
