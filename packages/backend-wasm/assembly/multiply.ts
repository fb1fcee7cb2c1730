/**
 * multiply y = a b; all [length].
 *
 * Cost: 12 bytes an element: bound by memory. One task is a block of elements. Not measured yet.
 */

import { each, MULTIPLY } from "./elementwise";
import { MultiplyArgs } from "./generated/args";

export function multiply(args: MultiplyArgs, task: i32): void {
  each(MULTIPLY, 2, args.a, args.b, 0, args.y, args.length, args.block, task, 0, 0);
}
