/**
 * Sums that many tasks contribute to: each task writes its partial sum to a place of its own, and this kernel, in a later
 * stage, adds the places up in their order: y[c] = sum over p of x[p,c]. So a sum does not depend on which thread did what.
 *
 * Cost: 4 bytes a number read; the partial sums are few.
 */

import { SumPartialsArgs } from "./generated/args";
import { loadTail, storeTail } from "./simd";

/** y[c] = sum over p of x[p,c], for the task's columns. */
export function sumPartials(args: SumPartialsArgs, task: i32): void {
  const stride = (<usize>args.stride) << 2;
  const first = task * args.block;
  const end = min(first + args.block, args.length);
  for (let c = first; c < end; c += 4) {
    const rest = min(4, end - c);
    let p = args.x + ((<usize>c) << 2);
    let sum = f32x4.splat(0);
    for (let i = 0; i < args.partials; i++) {
      sum = f32x4.add(sum, rest === 4 ? v128.load(p) : loadTail(p, rest));
      p += stride;
    }
    if (rest === 4) v128.store(args.y + ((<usize>c) << 2), sum);
    else storeTail(args.y + ((<usize>c) << 2), sum, rest);
  }
}
