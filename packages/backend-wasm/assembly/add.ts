/**
 * add y = a + b; all [length].
 *
 * Cost: 12 bytes an element: bound by memory. One task is a block of elements.
 *
 * Measured: 26 to 29 GB/s, the speed of memory.
 */

import { AddArgs } from "./generated/args";
import { loadTail, storeTail } from "./simd";

export function add(args: AddArgs, task: i32): void {
  const first = task * args.block;
  const offset = (<usize>first) << 2;
  const length = min(args.block, args.length - first);
  addNumbers(args.a + offset, args.b + offset, args.y + offset, length, f32x4.splat(-Infinity));
}

/** y = max(a + b, floor) over `length` numbers; y may be a or b. */
export function addNumbers(a: usize, b: usize, y: usize, length: i32, floor: v128): void {
  const end = y + ((<usize>(length & ~3)) << 2);
  while (y + 64 <= end) {
    v128.store(y, f32x4.pmax(f32x4.add(v128.load(a), v128.load(b)), floor));
    v128.store(y, f32x4.pmax(f32x4.add(v128.load(a, 16), v128.load(b, 16)), floor), 16);
    v128.store(y, f32x4.pmax(f32x4.add(v128.load(a, 32), v128.load(b, 32)), floor), 32);
    v128.store(y, f32x4.pmax(f32x4.add(v128.load(a, 48), v128.load(b, 48)), floor), 48);
    a += 64;
    b += 64;
    y += 64;
  }
  while (y < end) {
    v128.store(y, f32x4.pmax(f32x4.add(v128.load(a), v128.load(b)), floor));
    a += 16;
    b += 16;
    y += 16;
  }
  const rest = length & 3;
  if (rest) storeTail(y, f32x4.pmax(f32x4.add(loadTail(a, rest), loadTail(b, rest)), floor), rest);
}
