import type { Optimizer } from "../../optimizers/index.js";
import type { StepValues } from "../../plan/index.js";
import { seedKey, streamKey } from "../../random/index.js";

/**
 * What a training step gets: the rates of its iteration, the start of its batch, the seed. Where several processes train together, each
 * draws dropout and noise for its own samples: the first from the seed itself, the others from streams of their own.
 */
export function stepValues(
  optimizer: Optimizer,
  { iteration, learningRate, batchStart, seed }: Omit<StepValues, "seed" | "stepSize"> & { readonly seed: number },
  rank = 0,
): StepValues {
  const values = optimizer.stepValues(iteration, learningRate);
  const key = seedKey(seed);
  return { iteration, batchStart, learningRate, seed: rank === 0 ? key : streamKey(key, "rank", rank), ...values };
}
