import type { Shape } from "@convoy/core/backend";

/** Elements of one task: 32 KB, but at least so many rows that what is done once a task does not count. */
const taskElements = 8192;
const minTaskRows = 32;

/** A matrix of rows of channels as `assembly/channels.ts` takes it. */
export interface WideRows {
  readonly rows: number;
  readonly channels: number;
  /** Numbers of a wide row: some rows together, so that it is a multiple of 4, of 16 where there are few channels. */
  readonly width: number;
  /** Wide rows; fewer than `width` numbers may be behind them. */
  readonly wideRows: number;
  /** Wide rows of one task. */
  readonly block: number;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Numbers of a wide row of so many channels. */
export function wideRowOf(channels: number): number {
  const multiple = channels < 16 ? 16 : 4;
  return (channels * multiple) / greatestCommonDivisor(channels, multiple);
}

/** Of a tensor [...,C]. */
export function wideRowsOf(shape: Shape): WideRows {
  const channels = shape[shape.length - 1]!;
  const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const width = wideRowOf(channels);
  const wideRows = Math.floor((rows * channels) / width);
  const target = Math.max(taskElements, minTaskRows * channels);
  return { rows, channels, width, wideRows, block: Math.max(1, Math.round(target / width)) };
}

/** Arguments and tasks of a kernel that goes over every number. */
export function wideBlocks({ rows, channels, width, block }: WideRows): {
  args: { length: number; channels: number; width: number; block: number };
  tasks: number;
} {
  const length = rows * channels;
  return { args: { length, channels, width, block: block * width }, tasks: Math.ceil(length / (block * width)) };
}
