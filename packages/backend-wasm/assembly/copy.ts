/** Copies of runs of numbers: short ones here, long ones by the engine, whose call costs as much as a hundred numbers. */

import { storeTail } from "./simd";

/** Numbers from which on the engine is called. */
const LONG: i32 = 192;

/** Copies `count` numbers; nothing behind them is written. */
export function copyNumbers(from: usize, to: usize, count: i32): void {
  if (count >= LONG) {
    memory.copy(to, from, (<usize>count) << 2);
    return;
  }
  const end = to + ((<usize>(count & ~3)) << 2);
  while (to < end) {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
  }
  const rest = count & 3;
  if (rest) storeTail(to, v128.load(from), rest);
}

/** Sets `count` numbers to 0. */
export function zeroNumbers(to: usize, count: i32): void {
  if (count >= LONG) {
    memory.fill(to, 0, (<usize>count) << 2);
    return;
  }
  const zero = f32x4.splat(0);
  const end = to + ((<usize>(count & ~3)) << 2);
  while (to < end) {
    v128.store(to, zero);
    to += 16;
  }
  const rest = count & 3;
  if (rest) storeTail(to, zero, rest);
}
