/**
 * movingAverage state = momentum state + share value, where share = 1 - momentum; state, value: [length].
 *
 * Cost: 12 bytes a number, of which there are few.
 */

import { BLEND, each } from "./elementwise";
import { MovingAverageArgs } from "./generated/args";

export function movingAverage(args: MovingAverageArgs, task: i32): void {
  const state = args.state;
  each(BLEND, 2, state, args.value, 0, state, args.length, args.block, task, args.momentum, args.share);
}
