/**
 * resize2d y[n,oh,ow,c] = the nearest pixel of x, or the mean of the pixels around it weighted by their distance;
 * resize2dBackward dx = the sum over the outputs of dy times the weight that the pixel has in them. x, dx: [N,H,W,C]; y, dy:
 * [N,OH,OW,C]. Positions as in the op's definition, in whole numbers.
 *
 * Cost: 4 bytes for each number read and written, and 6 operations an output for both directions. One task is a block of rows
 * of what is written. Idea: where the columns lie is put in a table once a task. Rows are combined first, in scratch memory and
 * over whole vectors, then columns. The gradient's rows gather the rows of dy, so that tasks write places of their own.
 *
 * Not measured yet.
 */

import { copyNumbers, zeroNumbers } from "./copy";
import { Resize2dArgs, Resize2dBackwardArgs, ResizingArgs } from "./generated/args";
import { loadTail, madd, storeTail } from "./simd";
import { scratch } from "./step";

/** Where output `o` of `outputs` along an axis of `inputs` lies: the pixel before it, and the weight of the next. */
// @inline
function pixelOf(o: i32, inputs: i32, outputs: i32, bilinear: i32): i32 {
  const centre = <i64>(2 * o + 1) * <i64>inputs;
  if (!bilinear) return <i32>(centre / <i64>(2 * outputs));
  return <i32>(clamped(centre, inputs, outputs) / <i64>(2 * outputs));
}

// @inline
function clamped(centre: i64, inputs: i32, outputs: i32): i64 {
  return min(max(centre - <i64>outputs, 0), <i64>(inputs - 1) * <i64>(2 * outputs));
}

// @inline
function fractionOf(o: i32, inputs: i32, outputs: i32, bilinear: i32): f32 {
  if (!bilinear) return 0;
  const position = clamped(<i64>(2 * o + 1) * <i64>inputs, inputs, outputs);
  return <f32>(<f64>(position % <i64>(2 * outputs)) / <f64>(2 * outputs));
}

/** For each column of the output the offset of its pixel in a row of the input, and the weight of the next. */
function columnTable(args: ResizingArgs, table: usize): void {
  for (let ow = 0; ow < args.OW; ow++) {
    store<i32>(table, pixelOf(ow, args.W, args.OW, args.bilinear) * args.C * 4);
    store<f32>(table, fractionOf(ow, args.W, args.OW, args.bilinear), 4);
    table += 8;
  }
}

/** to = a (1 - weight) + b weight over `count` numbers and up to three more. */
function mix(a: usize, b: usize, weight: f32, to: usize, count: i32): void {
  const second = f32x4.splat(weight);
  const first = f32x4.splat(1 - weight);
  const bytes = (<usize>count) << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(to + i, madd(v128.load(b + i), second, f32x4.mul(v128.load(a + i), first)));
  }
}

export function resize2d(args: Resize2dArgs, task: i32): void {
  const table = scratch();
  const space = scratch() + <usize>args.rowOffset;
  columnTable(args, table);
  const C = args.C;
  const pixel = (<usize>C) << 2;
  const rowNumbers = args.W * C;
  const rowBytes = (<usize>rowNumbers) << 2;
  const end = min((task + 1) * args.block, args.rows);
  const outputBytes = <usize>args.OW * pixel;
  let to = args.y + <usize>(task * args.block) * outputBytes;
  let last: usize = 0;
  for (let row = task * args.block; row < end; row++) {
    const oh = row % args.OH;
    let from = args.x + <usize>((row / args.OH) * args.H + pixelOf(oh, args.H, args.OH, args.bilinear)) * rowBytes;
    const below = fractionOf(oh, args.H, args.OH, args.bilinear);
    // Rows of the same pixels are equal.
    if (below === 0 && from === last) {
      memory.copy(to, to - outputBytes, outputBytes);
      to += outputBytes;
      continue;
    }
    last = below > 0 ? 0 : from;
    if (below > 0) {
      mix(from, from + rowBytes, below, space, rowNumbers);
      from = space;
    }
    for (let ow = 0; ow < args.OW; ow++) {
      const near = from + load<usize>(table + ((<usize>ow) << 3));
      const weight = load<f32>(table + ((<usize>ow) << 3), 4);
      if (weight > 0) {
        const second = f32x4.splat(weight);
        const first = f32x4.splat(1 - weight);
        for (let c = 0; c < C; c += 4) {
          const at = (<usize>c) << 2;
          const v = madd(v128.load(near + pixel + at), second, f32x4.mul(v128.load(near + at), first));
          if (C - c >= 4) v128.store(to + at, v);
          else storeTail(to + at, v, C - c);
        }
      } else {
        copyNumbers(near, to, C);
      }
      to += pixel;
    }
  }
}

/** sum[0..C] += weight dy[0..C]; lanes behind C keep what they hold. */
// @inline
function addPixel(sum: usize, dy: usize, weight: v128, C: i32): void {
  for (let c = 0; c < C; c += 4) {
    const at = (<usize>c) << 2;
    const v = C - c >= 4 ? v128.load(dy + at) : loadTail(dy + at, C - c);
    v128.store(sum + at, madd(v, weight, v128.load(sum + at)));
  }
}

export function resize2dBackward(args: Resize2dBackwardArgs, task: i32): void {
  const table = scratch();
  const space = scratch() + <usize>args.rowOffset;
  const sums = scratch() + <usize>args.sumsOffset;
  columnTable(args, table);
  const C = args.C;
  const H = args.H;
  const OH = args.OH;
  const pixel = (<usize>C) << 2;
  const rowNumbers = args.W * C;
  const outputBytes = <usize>args.OW * pixel;
  const end = min((task + 1) * args.block, args.rows);
  for (let row = task * args.block; row < end; row++) {
    const h = row % H;
    const dy = args.dy + <usize>((row / H) * OH) * outputBytes;
    const dx = args.dx + <usize>row * ((<usize>rowNumbers) << 2);
    // The outputs that may read row h, and a few more: about those from h - 1 to h + 1.
    const first = h === 0 ? 0 : max(0, <i32>((<i64>(2 * h - 1) * <i64>OH) / <i64>(2 * H)) - 1);
    const last = h === H - 1 ? OH : min(OH, <i32>((<i64>(2 * h + 3) * <i64>OH) / <i64>(2 * H)) + 2);
    let found = false;
    for (let oh = first; oh < last; oh++) {
      const near = pixelOf(oh, H, OH, args.bilinear);
      const fraction = fractionOf(oh, H, OH, args.bilinear);
      const weight: f32 = near === h ? 1 - fraction : near + 1 === h ? fraction : 0;
      if (weight === 0) continue;
      const from = dy + <usize>oh * outputBytes;
      const factor = f32x4.splat(weight);
      for (let i: usize = 0; i < outputBytes; i += 16) {
        const v = f32x4.mul(v128.load(from + i), factor);
        v128.store(space + i, found ? f32x4.add(v128.load(space + i), v) : v);
      }
      found = true;
    }
    if (!found) {
      zeroNumbers(dx, rowNumbers);
      continue;
    }
    zeroNumbers(sums, rowNumbers);
    for (let ow = 0; ow < args.OW; ow++) {
      const near = sums + load<usize>(table + ((<usize>ow) << 3));
      const weight = load<f32>(table + ((<usize>ow) << 3), 4);
      const from = space + <usize>ow * pixel;
      addPixel(near, from, f32x4.splat(1 - weight), C);
      if (weight > 0) addPixel(near + pixel, from, f32x4.splat(weight), C);
    }
    copyNumbers(sums, dx, rowNumbers);
  }
}
