/**
 * pad y[o] = x[o - before], 0 outside x; x: [A,B,C,D], y: [..., outB, outC, outD].
 *
 * Cost: 4 bytes a number written and 4 a number copied: bound by memory. The host has joined axes that are only padded
 * together, so that rows are long. One task is a block of rows of y, or a piece of a row. Not measured yet.
 */

import { copyNumbers, zeroNumbers } from "./copy";
import { PadArgs } from "./generated/args";

export function pad(args: PadArgs, task: i32): void {
  const first = (task / args.pieces) * args.block;
  const end = min(first + args.block, args.rows);
  const start = (task % args.pieces) * args.pieceSize;
  const stop = min(start + args.pieceSize, args.outD);
  // The part of a row that comes from x.
  const from = min(max(start, args.beforeD), stop);
  const to = max(from, min(stop, args.beforeD + args.D));
  for (let row = first; row < end; row++) {
    const outer = row / args.outC;
    const c = (row % args.outC) - args.beforeC;
    const b = (outer % args.outB) - args.beforeB;
    const a = outer / args.outB - args.beforeA;
    const y = args.y + <usize>row * ((<usize>args.outD) << 2);
    if (<u32>a >= <u32>args.A || <u32>b >= <u32>args.B || <u32>c >= <u32>args.C) {
      zeroNumbers(y + ((<usize>start) << 2), stop - start);
      continue;
    }
    const x = args.x + <usize>((a * args.B + b) * args.C + c) * ((<usize>args.D) << 2);
    if (from > start) zeroNumbers(y + ((<usize>start) << 2), from - start);
    if (to > from) copyNumbers(x + ((<usize>(from - args.beforeD)) << 2), y + ((<usize>from) << 2), to - from);
    if (stop > to) zeroNumbers(y + ((<usize>to) << 2), stop - to);
  }
}
