import type { DrawnForRows } from "./batchRows.js";
import { expectRankBetween, lastAxis } from "./checks.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";

export interface DropoutAttributes extends DrawnForRows {
  /** Share of elements set to 0, in [0, 1). */
  readonly rate: number;
  /** Instance of the dropout stream: one number a layer. */
  readonly instance: number;
}

/** An element is kept when its random word is at least this. */
export function dropoutThreshold(rate: number): number {
  return Math.floor(rate * 2 ** 32);
}

/**
 * y[i] = word(i) >= rate * 2^32 ? x[i] / (1 - rate) : 0, where word(i) is word i of the stream (seed, dropout, instance) at
 * the current iteration and 1 / (1 - rate) is rounded to float32. The mask is a pure function of the step, so the gradient
 * is the same op over the gradient and nothing is kept in between. With `firstRow` i counts from the start of the whole batch.
 */
export const dropout: OpDefinition<DropoutAttributes> = {
  summary: "zeroes a random share and scales the rest: input [...] -> [...]",
  inputs: ["input"],
  outputs: ["output"],
  inferOutputs: ([input]) => [float32(input!.shape)],
  gradient({ attributes, outputGradient, emit }) {
    return emit("dropout", [outputGradient(0)], { ...attributes });
  },
  // 20 rounds of four integer operations for every two elements.
  flops: ([input]) => 41 * sizeOf(input!.shape),
};

/**
 * Dropout of whole channels: like `dropout`, but sample n keeps or loses channel c as a whole, by word n C + c of the same
 * stream.
 */
export const channelDropout: OpDefinition<DropoutAttributes> = {
  summary: "zeroes a random share of each sample's channels and scales the rest: input [N,...,C] -> [N,...,C]",
  inputs: ["input"],
  outputs: ["output"],
  inferOutputs([input]) {
    expectRankBetween("channelDropout: input", input!, 2, 4);
    return [float32(input!.shape)];
  },
  gradient({ attributes, outputGradient, emit }) {
    return emit("channelDropout", [outputGradient(0)], { ...attributes });
  },
  flops: ([input]) => sizeOf(input!.shape) + 40 * input!.shape[0]! * lastAxis(input!.shape),
};
