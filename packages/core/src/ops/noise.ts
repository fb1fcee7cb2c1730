import type { DrawnForRows } from "./batchRows.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";

export interface NoiseAttributes extends DrawnForRows {
  /** Standard deviation. */
  readonly stddev: number;
  /** Instance of the noise stream: one number a layer. */
  readonly instance: number;
}

/** 20 rounds of four integer operations an element, and ten operations of Box and Muller's formula. */
const flopsOfNormal = 90;

/**
 * y[i] = x[i] + stddev g(i), where g(i) is a standard normal number (Box and Muller, 1958) made of two words of the stream
 * (seed, noise, instance) at the current iteration: g(i) = sqrt(-2 ln u) cos(2 pi v) with u = (word(2i) + 1) / 2^32 and
 * v = word(2i + 1) / 2^32. Words 2i and 2i + 1 are the two halves of one encrypted counter (i, iteration). With `firstRow` i counts
 * from the start of the whole batch in these words.
 */
export const gaussianNoise: OpDefinition<NoiseAttributes> = {
  summary: "adds normally distributed noise: input [...] -> [...]",
  inputs: ["input"],
  outputs: ["output"],
  inferOutputs: ([input]) => [float32(input!.shape)],
  gradient: ({ outputGradient }) => [outputGradient(0)],
  flops: ([input]) => (flopsOfNormal + 2) * sizeOf(input!.shape),
};

/**
 * y[i] = x[i] (1 + stddev g(i)), g as in `gaussianNoise`. The noise is a pure function of the step, so the gradient is the
 * same op over the gradient and nothing is kept in between.
 */
export const gaussianDropout: OpDefinition<NoiseAttributes> = {
  summary: "multiplies by normally distributed noise around 1: input [...] -> [...]",
  inputs: ["input"],
  outputs: ["output"],
  inferOutputs: ([input]) => [float32(input!.shape)],
  gradient({ attributes, outputGradient, emit }) {
    return emit("gaussianDropout", [outputGradient(0)], { ...attributes });
  },
  flops: ([input]) => (flopsOfNormal + 3) * sizeOf(input!.shape),
};
