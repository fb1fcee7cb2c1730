/**
 * conv2dBackwardInput of a 1 x 1 kernel behind an elementwise function: dx[p,c] = sum over f of g[p,f] k[c,f], g = dy f'(y), over
 * all pixels p; dx [P,C], dy and y [P,F].
 *
 * Cost: 2 C F operations a pixel. Idea: the matrix product of matMul.ts over some pixels, whose g is computed into scratch
 * memory on the way. (Without a function the gradient is a plain product.)
 */

import { copyNumbers } from "./copy";
import { gemmPanel } from "./gemmPanel";
import { Conv2dBackwardInputPointwiseArgs } from "./generated/args";
import { gradientRow } from "./outputGradient";
import { scratch, zeros } from "./step";

/** One task: a block of pixels. */
export function conv2dBackwardInputPointwise(args: Conv2dBackwardInputPointwiseArgs, task: i32): void {
  const F = args.F;
  const C = args.C;
  const first = task * args.block;
  const pixels = min(args.block, args.pixels - first);
  const g = gradientRow(args, (<usize>(first * F)) << 2, pixels * F, scratch() + args.gradientOffset);
  const line = (<usize>C) << 2;
  const floor = f32x4.splat(-Infinity);
  let dx = args.dx + <usize>first * line;
  let panel = args.panels;
  for (let c = 0; c < C; c += 8) {
    if (C - c >= 8) {
      gemmPanel(g, (<usize>F) << 2, pixels, F, panel, 32, dx, line, zeros(), floor);
    } else {
      const tile = scratch() + args.tileOffset;
      gemmPanel(g, (<usize>F) << 2, pixels, F, panel, 32, tile, 32, zeros(), floor);
      for (let p = 0; p < pixels; p++) copyNumbers(tile + ((<usize>p) << 5), dx + <usize>p * line, C - c);
    }
    dx += 32;
    panel += (<usize>F) << 5;
  }
}
