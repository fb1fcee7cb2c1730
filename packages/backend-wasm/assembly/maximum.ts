/**
 * maximum y = max(a, b); maximumBackward dx = dy where input number `input` was taken, which is a where a >= b, else 0; all
 * [length].
 *
 * Cost: 12 bytes an element, the gradient 16: bound by memory. One task is a block of elements. Not measured yet.
 */

import { each, MAXIMUM, WHERE_AT_LEAST, WHERE_BELOW } from "./elementwise";
import { MaximumArgs, MaximumBackwardArgs } from "./generated/args";

export function maximum(args: MaximumArgs, task: i32): void {
  each(MAXIMUM, 2, args.a, args.b, 0, args.y, args.length, args.block, task, 0, 0);
}

export function maximumBackward(args: MaximumBackwardArgs, task: i32): void {
  if (args.input === 0) {
    each(WHERE_AT_LEAST, 3, args.dy, args.a, args.b, args.dx, args.length, args.block, task, 0, 0);
  } else {
    each(WHERE_BELOW, 3, args.dy, args.a, args.b, args.dx, args.length, args.block, task, 0, 0);
  }
}
