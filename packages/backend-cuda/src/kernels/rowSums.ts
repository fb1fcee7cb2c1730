import { type Shape, sizeOf } from "@convoy/core/backend";
import type { StructValues } from "./arguments/pack.js";
import { blockWarps } from "./launch.js";
import type { LaunchContext } from "./opKernel.js";

/** Rows and columns of a [...,C] tensor. */
export function rowsAndColumns(shape: Shape): [rows: number, columns: number] {
  const columns = shape[shape.length - 1]!;
  return [sizeOf(shape) / columns, columns];
}

/** Blocks for one row a warp: no more than the device runs at a time, since each adds a number to the sum over blocks. */
export function rowBlocks(rows: number, multiprocessors: number): number {
  return Math.min(Math.ceil(rows / blockWarps), multiprocessors * 2);
}

/** Memory for the sums over blocks of `count` numbers a block. */
export function rowSums(count: number, blocks: number, context: LaunchContext): StructValues<"RowSums"> {
  return { partial: context.scratch(count * blocks * 4), counter: context.scratch(4) };
}
