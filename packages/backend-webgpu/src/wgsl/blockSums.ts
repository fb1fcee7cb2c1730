/**
 * output[i] = sum over blocks of partial[block,i]: the second half of every sum that was split, in a fixed order; partial
 * [B,...] -> [...]. Several such sums go into one launch. Cost: 4 bytes a number of each block.
 */

import { type PlanValue, sizeOf } from "@convoy/core/backend";
import type { Dispatch } from "./dispatch.js";
import { invocations, reads, type SideWork, type TensorUse, unrolled, writes } from "./shader.js";

/** A sum over blocks that is still to be done. */
export interface BlockSum {
  /** [blocks, length of output] */
  readonly partial: PlanValue;
  readonly blocks: number;
  readonly output: PlanValue;
}

export function sumBlocks(label: string, sums: readonly BlockSum[]): Dispatch {
  const { count, body, tensors } = blockSumWork(sums);
  return invocations(count, body, { label, tensors });
}

/** The same for another launch to take along. */
export function blockSumWork(sums: readonly BlockSum[]): SideWork {
  const lengths = sums.map(({ output }) => sizeOf(output.shape));
  const starts = lengths.map((_, position) => lengths.slice(0, position).reduce((sum, length) => sum + length, 0));
  const body = unrolled(sums.length, (s) => {
    const start = starts[s]!;
    const length = lengths[s]!;
    return `if (index >= ${start}u && index < ${start + length}u) {
      let at = index - ${start}u;
      var sum = 0.0;
      for (var block = 0u; block < ${sums[s]!.blocks}u + zero; block++) { sum += partial${s}[block * ${length}u + at]; }
      output${s}[at] = sum;
    }`;
  });
  const tensors = sums.flatMap(({ partial, output }, s): [string, TensorUse][] => [
    [`partial${s}`, reads(partial)],
    [`output${s}`, writes(output)],
  ]);
  const count = lengths.reduce((sum, length) => sum + length, 0);
  return { count, body, tensors: Object.fromEntries(tensors) };
}
