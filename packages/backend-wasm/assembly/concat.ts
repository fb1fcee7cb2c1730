/**
 * concat y = the inputs one behind the other along an axis: one launch an input, which copies its rows, [rows, run], to where
 * they stand in the rows of y.
 *
 * Cost: 8 bytes a number: bound by memory. One task is a block of rows. Not measured yet.
 */

import { copyNumbers } from "./copy";
import { ConcatArgs } from "./generated/args";

export function concat(args: ConcatArgs, task: i32): void {
  const run = args.run;
  const first = task * args.block;
  const rows = min(args.block, args.rows - first);
  const step = (<usize>run) << 2;
  const stride = (<usize>args.stride) << 2;
  let from = args.x + <usize>first * step;
  let to = args.y + <usize>first * stride;
  for (let r = 0; r < rows; r++) {
    copyNumbers(from, to, run);
    from += step;
    to += stride;
  }
}
