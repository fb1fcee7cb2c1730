/**
 * averagePool2d y = the mean of the window's positions inside the input; averagePool2dBackward dx = the sum over the windows
 * that hold a position of dy / (positions of that window inside the input). x, dx: [N,H,W,C]; y, dy: [N,OH,OW,C].
 *
 * Cost: 4 bytes for each position of each window. Idea: four channels at a time; the window is clipped once, not tested at
 * every position.
 *
 * Measured: windows of 2 x 2 2.4 ns an output, the gradient 0.8 ns an input.
 */

import { PoolingArgs } from "./generated/args";
import { loadTail, storeTail } from "./simd";

/** First position of a window of `size` positions `dilation` apart, starting at `start`, that is not negative. */
// @inline
function firstInside(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : (dilation - 1 - start) / dilation;
}

/** The position after the last one that lies below `limit`. */
// @inline
function endInside(start: i32, size: i32, dilation: i32, limit: i32): i32 {
  return start >= limit ? 0 : min(size, (limit - 1 - start) / dilation + 1);
}

/** One task: one sample. */
export function averagePool2d(args: PoolingArgs, task: i32): void {
  const C = args.C;
  const x = args.x + <usize>task * <usize>(args.H * args.W * C) * 4;
  let y = args.y + <usize>task * <usize>(args.OH * args.OW * C) * 4;
  for (let oh = 0; oh < args.OH; oh++) {
    const row = oh * args.strideH - args.top;
    const firstRow = firstInside(row, args.dilationH);
    const endRow = endInside(row, args.KH, args.dilationH, args.H);
    for (let ow = 0; ow < args.OW; ow++) {
      const column = ow * args.strideW - args.left;
      const firstColumn = firstInside(column, args.dilationW);
      const endColumn = endInside(column, args.KW, args.dilationW, args.W);
      const count = f32x4.splat(<f32>(max(0, endRow - firstRow) * max(0, endColumn - firstColumn)));
      for (let c = 0; c < C; c += 4) {
        const rest = C - c;
        let sum = f32x4.splat(0);
        for (let kh = firstRow; kh < endRow; kh++) {
          for (let kw = firstColumn; kw < endColumn; kw++) {
            const at = ((row + kh * args.dilationH) * args.W + column + kw * args.dilationW) * C + c;
            const address = x + ((<usize>at) << 2);
            sum = f32x4.add(sum, rest >= 4 ? v128.load(address) : loadTail(address, rest));
          }
        }
        const mean = f32x4.div(sum, count);
        if (rest >= 4) v128.store(y, mean);
        else storeTail(y, mean, rest);
        y += (<usize>min(4, rest)) << 2;
      }
    }
  }
}

/** One task: one sample. Here `x` is dx, written, and `y` is dy, read. */
export function averagePool2dBackward(args: PoolingArgs, task: i32): void {
  const C = args.C;
  const size = <usize>(args.H * args.W * C) * 4;
  const dx = args.x + <usize>task * size;
  memory.fill(dx, 0, size);
  let dy = args.y + <usize>task * <usize>(args.OH * args.OW * C) * 4;
  for (let oh = 0; oh < args.OH; oh++) {
    const row = oh * args.strideH - args.top;
    const firstRow = firstInside(row, args.dilationH);
    const endRow = endInside(row, args.KH, args.dilationH, args.H);
    for (let ow = 0; ow < args.OW; ow++) {
      const column = ow * args.strideW - args.left;
      const firstColumn = firstInside(column, args.dilationW);
      const endColumn = endInside(column, args.KW, args.dilationW, args.W);
      const count = f32x4.splat(<f32>(max(0, endRow - firstRow) * max(0, endColumn - firstColumn)));
      for (let c = 0; c < C; c += 4) {
        const rest = C - c;
        const share = f32x4.div(rest >= 4 ? v128.load(dy) : loadTail(dy, rest), count);
        for (let kh = firstRow; kh < endRow; kh++) {
          for (let kw = firstColumn; kw < endColumn; kw++) {
            const at = ((row + kh * args.dilationH) * args.W + column + kw * args.dilationW) * C + c;
            const address = dx + ((<usize>at) << 2);
            if (rest >= 4) v128.store(address, f32x4.add(v128.load(address), share));
            else storeTail(address, f32x4.add(loadTail(address, rest), share), rest);
          }
        }
        dy += (<usize>min(4, rest)) << 2;
      }
    }
  }
}
