/**
 * gatherRows y[b] = scale source[order[batchStart + b]] (float32, int32 or bytes in; float32 or int32 out);
 * storeRows destination[batchStart + b] = values[b].
 *
 * Cost: bytes of the rows read and written; bytes become floats sixteen at a time. One task is one row.
 *
 * Measured: a row of 784 bytes in 0.24 µs.
 */

import { GatherRowsArgs, StoreRowsArgs } from "./generated/args";
import {
  FAULT_ROW_OUTSIDE_DESTINATION,
  FAULT_ROW_OUTSIDE_ORDER,
  FAULT_ROW_OUTSIDE_SOURCE,
  TYPE_FLOAT32,
  TYPE_INT32,
} from "./generated/constants";
import { batchStart } from "./step";
import { fault } from "./threads";

export function gatherRows(args: GatherRowsArgs, task: i32): void {
  let row = batchStart() + task;
  if (args.order !== 0) {
    if (<u32>row >= <u32>args.orderRows) {
      fault(FAULT_ROW_OUTSIDE_ORDER, row);
      return;
    }
    row = load<i32>(args.order + ((<usize>row) << 2));
  }
  if (<u32>row >= <u32>args.sourceRows) {
    fault(FAULT_ROW_OUTSIDE_SOURCE, row);
    return;
  }
  const size = args.rowSize;
  const y = args.y + <usize>task * <usize>size * 4;
  const start = <usize>row * <usize>size;
  if (args.from === TYPE_FLOAT32) gatherWords(args, args.source + start * 4, y, false);
  else if (args.from === TYPE_INT32) gatherWords(args, args.source + start * 4, y, true);
  else if (args.to === TYPE_FLOAT32) gatherBytes(args.source + start, y, size, args.scale);
  else for (let i = 0; i < size; i++) store<i32>(y + ((<usize>i) << 2), load<u8>(args.source + start + i));
}

function gatherWords(args: GatherRowsArgs, x: usize, y: usize, integers: bool): void {
  const size = args.rowSize;
  if (args.to === (integers ? TYPE_INT32 : TYPE_FLOAT32) && args.scale === 1) {
    memory.copy(y, x, (<usize>size) << 2);
    return;
  }
  for (let i = 0; i < size; i++) {
    const offset = (<usize>i) << 2;
    const value = integers ? <f32>load<i32>(x + offset) : load<f32>(x + offset);
    if (args.to === TYPE_FLOAT32) store<f32>(y + offset, value * args.scale);
    else store<i32>(y + offset, <i32>value);
  }
}

function gatherBytes(x: usize, y: usize, size: i32, scale: f32): void {
  const factor = f32x4.splat(scale);
  let i: i32 = 0;
  for (; i + 16 <= size; i += 16) {
    const bytes = v128.load(x + i);
    const low = i16x8.extend_low_i8x16_u(bytes);
    const high = i16x8.extend_high_i8x16_u(bytes);
    const p = y + ((<usize>i) << 2);
    v128.store(p, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(low)), factor));
    v128.store(p, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(low)), factor), 16);
    v128.store(p, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(high)), factor), 32);
    v128.store(p, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(high)), factor), 48);
  }
  for (; i < size; i++) store<f32>(y + ((<usize>i) << 2), <f32>load<u8>(x + i) * scale);
}

export function storeRows(args: StoreRowsArgs, task: i32): void {
  const row = batchStart() + task;
  if (<u32>row >= <u32>args.rows) {
    fault(FAULT_ROW_OUTSIDE_DESTINATION, row);
    return;
  }
  const bytes = <usize>args.rowBytes;
  memory.copy(args.destination + <usize>row * bytes, args.values + <usize>task * bytes, bytes);
}
