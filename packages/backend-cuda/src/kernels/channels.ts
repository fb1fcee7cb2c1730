import type { OpInstance, Shape } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import type { StructValues } from "./arguments/pack.js";
import { blocksFor, blockThreads, sharedBlocksFor } from "./launch.js";
import type { DeviceOp, DeviceTensor, LaunchContext, OpKernel, Target } from "./opKernel.js";
import { rowsAndColumns } from "./rowSums.js";

/** Channels of a block at most: a line of them is a warp. */
const maxColumns = 32;
/** Rows that are worth a line's time: fewer, and more blocks would only have more to add up. */
const minRowsPerLine = 16;

/** Blocks whose threads share the `count` elements of [rows,C], each with a channel of its own: at least C threads. */
export function channelWalkBlocks(count: number, channels: number, multiprocessors: number): number {
  return Math.max(sharedBlocksFor(count, multiprocessors), blocksFor(channels));
}

/** How the threads of a block lie over C channels. */
export interface ChannelTiles {
  readonly tile: StructValues<"ChannelTile">;
  /** Tiles that cover all channels. */
  readonly count: number;
}

/** With `columns` channels a block, up to 32. */
export function channelTiles(channels: number, columns: number = Math.min(channels, maxColumns)): ChannelTiles {
  const tile = { C: channels, byColumns: divisorOf(columns), lines: Math.floor(blockThreads / columns) };
  return { tile, count: Math.ceil(channels / columns) };
}

/** Blocks along `units` of work of a line each: no more than fill the device a few times. */
export function tileBlocks(units: number, { tile, count }: ChannelTiles, multiprocessors: number): number {
  return Math.min(Math.ceil(units / tile.lines), Math.ceil((multiprocessors * 8) / count));
}

export interface Stretches {
  readonly rowsPerStretch: number;
  readonly count: number;
}

/** How the rows are divided among blocks: so many as `blocks` in all, and no more than have enough to do. */
function stretchesOf(rows: number, { tile, count }: ChannelTiles, blocks: number): Stretches {
  const worthwhile = Math.ceil(rows / (tile.lines * minRowsPerLine));
  const wanted = Math.max(1, Math.min(worthwhile, Math.ceil(blocks / count)));
  const rowsPerStretch = Math.ceil(rows / wanted);
  return { rowsPerStretch, count: Math.ceil(rows / rowsPerStretch) };
}

/** Grid and arguments of kernels that sum over the rows for each channel. */
export interface ChannelSums {
  readonly grid: readonly [number, number];
  readonly values: {
    readonly sums: StructValues<"StretchSums">;
    readonly tile: StructValues<"ChannelTile">;
    readonly rows: number;
  };
}

/** Over the rows of a tensor [...,C]. */
export function channelSums(shape: Shape, { workspace }: DeviceOp, context: LaunchContext): ChannelSums {
  const [rows, channels] = rowsAndColumns(shape);
  const tiles = channelTiles(channels);
  const { rowsPerStretch, count } = stretchesOf(rows, tiles, 2 * context.multiprocessors);
  const several = count > 1;
  const sums = {
    partial: several ? workspace : undefined,
    counters: several ? context.scratch(tiles.count * 4) : undefined,
    rowsPerStretch,
  };
  return { grid: [tiles.count, count], values: { sums, tile: tiles.tile, rows } };
}

/** The scratch memory of such a kernel: two numbers a channel and stretch. */
export const channelSumsWorkspace: Required<Pick<OpKernel, "workspaceBytes">> = {
  workspaceBytes({ inputs }: OpInstance, { multiprocessors }: Target) {
    const [rows, channels] = rowsAndColumns(inputs[0]!.shape);
    const { count } = stretchesOf(rows, channelTiles(channels), 2 * multiprocessors);
    return count > 1 ? count * 2 * channels * 4 : 0;
  },
};

/** Stretches whose sums go to memory, for a launch behind it. */
export function partStretches(rows: number, channels: number, { multiprocessors }: Target): Stretches {
  return stretchesOf(rows, channelTiles(channels), 2 * multiprocessors);
}

/**
 * Stretches of a launch that adds parts up and writes `output`: enough blocks to keep the memory busy, and one where the
 * output has no memory, so that nothing is to be done for the rows.
 */
export function outputStretches(
  output: DeviceTensor | undefined,
  rows: number,
  channels: number,
  { multiprocessors }: Target,
): Stretches {
  return output && output.address !== 0
    ? stretchesOf(rows, channelTiles(channels), 4 * multiprocessors)
    : { rowsPerStretch: rows, count: 1 };
}

/** Memory for the sums of the stretches of a tensor's rows: two numbers a channel and stretch. */
export function partsBytes(shape: Shape, target: Target): number {
  const [rows, channels] = rowsAndColumns(shape);
  return partStretches(rows, channels, target).count * 2 * channels * 4;
}
