import type { Arguments } from "./arguments.js";

/** One launch of a kernel: blocks of 256 threads. */
export interface Launch {
  /** Name in the image. */
  readonly kernel: string;
  /** Blocks along x and y. */
  readonly grid: readonly [x: number, y: number];
  readonly arguments: Arguments;
}

/** Threads of every block, as in kernels/platform.h. */
export const blockThreads = 256;

/** Warps of every block. */
export const blockWarps = 8;

/** Blocks for one element a thread. */
export function blocksFor(count: number): number {
  return Math.max(1, Math.ceil(count / blockThreads));
}

/** Blocks that share `count` elements in turn: no more than fill the device a few times. */
export function sharedBlocksFor(count: number, multiprocessors: number): number {
  return Math.min(blocksFor(count), multiprocessors * 8);
}
