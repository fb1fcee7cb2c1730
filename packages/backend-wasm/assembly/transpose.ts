/**
 * transpose y = x with its axes in another order. The host drops axes of size 1 and joins those that stay together; then
 * either the last axis stays the last and runs of numbers are copied (`transposeRows`), or the axis that is contiguous in x
 * and the one that is contiguous in y form matrices to be transposed (`transpose`).
 *
 * Cost: 8 bytes a number, 8 shuffles for 16 numbers: bound by memory. Idea: blocks of four by four in registers, and
 * whole cache lines of y one after the other. Not measured yet.
 */

import { copyNumbers } from "./copy";
import { TransposeArgs, TransposeRowsArgs } from "./generated/args";
import { transpose4x4 } from "./transposeBlock";

export function transposeRows(args: TransposeRowsArgs, task: i32): void {
  const run = args.run;
  const first = task * args.block;
  const end = min(first + args.block, args.rows);
  let to = args.y + <usize>first * ((<usize>run) << 2);
  for (let row = first; row < end; row++) {
    const outer = row / args.C;
    const at = (outer / args.B) * args.strideA + (outer % args.B) * args.strideB + (row % args.C) * args.strideC;
    copyNumbers(args.x + ((<usize>at) << 2), to, run);
    to += (<usize>run) << 2;
  }
}

/** One task: a part of one matrix. */
export function transpose(args: TransposeArgs, task: i32): void {
  const columnTask = task % args.columnTasks;
  const rest = task / args.columnTasks;
  const rowTask = rest % args.rowTasks;
  const matrix = rest / args.rowTasks;
  const a = matrix / args.B;
  const b = matrix % args.B;
  const x = args.x + ((<usize>(a * args.strideA + b * args.strideB)) << 2);
  const y = args.y + ((<usize>(a * args.outStrideA + b * args.outStrideB)) << 2);
  const stride = (<usize>args.stride) << 2;
  const outStride = (<usize>args.outStride) << 2;
  const firstColumn = columnTask * args.columnBlock;
  const endColumn = min(firstColumn + args.columnBlock, args.columns);
  const endRow = min((rowTask + 1) * args.rowBlock, args.rows);
  // Sixteen rows at a time are whole lines of y: none has to be fetched again when the lines of a task share a place in the cache.
  for (let band = rowTask * args.rowBlock; band < endRow; band += 16) {
    const bandEnd = min(band + 16, endRow);
    const wholeRows = band + ((bandEnd - band) & ~3);
    let column = firstColumn;
    for (; column + 4 <= endColumn; column += 4) {
      let from = x + <usize>band * stride + ((<usize>column) << 2);
      let to = y + <usize>column * outStride + ((<usize>band) << 2);
      for (let row = band; row < wholeRows; row += 4) {
        transpose4x4(from, stride, to, outStride);
        from += 4 * stride;
        to += 16;
      }
    }
    // What is not a block of four by four.
    for (let other = firstColumn; other < endColumn; other++) {
      const first = other < column ? wholeRows : band;
      for (let row = first; row < bandEnd; row++) {
        const value = load<f32>(x + <usize>row * stride + ((<usize>other) << 2));
        store<f32>(y + <usize>other * outStride + ((<usize>row) << 2), value);
      }
    }
  }
}
