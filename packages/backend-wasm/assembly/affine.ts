/**
 * affine y = scale x + offset; x, y: [length].
 *
 * Cost: 8 bytes an element: bound by memory. One task is a block of elements. Not measured yet.
 */

import { AFFINE, each } from "./elementwise";
import { AffineArgs } from "./generated/args";

export function affine(args: AffineArgs, task: i32): void {
  each(AFFINE, 1, args.x, 0, 0, args.y, args.length, args.block, task, args.scale, args.offset);
}
