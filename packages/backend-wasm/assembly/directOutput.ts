/** Single outputs of a convolution of 3 x 3 with stride 1 as direct sums: where a transform's rounding would decide. */

import { Conv2dWinogradArgs } from "./generated/args";
import { madd } from "./simd";

/** Four filters, `offset` bytes into a pixel, of the output at (row, column). C is a multiple of 4. */
export function directOutput(args: Conv2dWinogradArgs, sample: i32, row: i32, column: i32, offset: usize): v128 {
  const line = (<usize>args.F) << 2;
  const pixel = (<usize>args.C) << 2;
  const top = row - args.top;
  const left = column - args.left;
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  for (let i = 0; i < 3; i++) {
    const h = top + i;
    if (<u32>h >= <u32>args.H) continue;
    for (let j = 0; j < 3; j++) {
      const w = left + j;
      if (<u32>w >= <u32>args.W) continue;
      let x = args.x + <usize>((sample * args.H + h) * args.W + w) * pixel;
      const end = x + pixel;
      let k = args.kernel + <usize>((i * 3 + j) * args.C) * line + offset;
      for (; x < end; x += 16) {
        a = madd(v128.load32_splat(x), v128.load(k), a);
        k += line;
        b = madd(v128.load32_splat(x, 4), v128.load(k), b);
        k += line;
        a = madd(v128.load32_splat(x, 8), v128.load(k), a);
        k += line;
        b = madd(v128.load32_splat(x, 12), v128.load(k), b);
        k += line;
      }
    }
  }
  return f32x4.add(a, b);
}
