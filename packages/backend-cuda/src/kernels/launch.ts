import { type ArgumentsOf, packArguments, type SignatureName } from "./arguments/pack.js";
import { constants } from "./arguments/structs.js";

/** One launch of a kernel: blocks of 256 threads. */
export interface Launch {
  /** Name in the image. */
  readonly kernel: string;
  /** Blocks along x and y. */
  readonly grid: readonly [x: number, y: number];
  /** In the driver's packed form. */
  readonly arguments: Uint8Array;
  /** Of what is no kernel: float32 numbers that are summed up over the cards of a group, in place. */
  readonly sum?: { readonly address: number; readonly count: number };
}

/** A launch with these arguments; `kernel` names the one of several that share the signature. */
export function launch<S extends SignatureName>(
  signature: S,
  grid: readonly [x: number, y: number],
  values: ArgumentsOf<S>,
  kernel: string = signature,
): Launch {
  return { kernel, grid, arguments: packArguments(signature, values) };
}

/** A sum over the cards of a group. */
export function sumOverCards(address: number, count: number): Launch {
  return { kernel: "ncclAllReduce", grid: [1, 1], arguments: new Uint8Array(0), sum: { address, count } };
}

/** Threads of every block. */
export const blockThreads: number = constants.blockThreads;

/** Warps of every block. */
export const blockWarps: number = blockThreads / 32;

/** Blocks for one element a thread. */
export function blocksFor(count: number): number {
  return Math.max(1, Math.ceil(count / blockThreads));
}

/** Blocks that share `count` elements in turn: no more than fill the device a few times. */
export function sharedBlocksFor(count: number, multiprocessors: number): number {
  return Math.min(blocksFor(count), multiprocessors * 8);
}
