import type { Optimizer } from "../../optimizers/index.js";
import type { StepValues } from "../../plan/index.js";
import { seedKey } from "../../random/index.js";

/** What a training step gets: the rates of its iteration, the start of its batch, the seed. */
export function stepValues(
  optimizer: Optimizer,
  { iteration, learningRate, batchStart, seed }: Omit<StepValues, "seed" | "stepSize"> & { readonly seed: number },
): StepValues {
  return { iteration, batchStart, learningRate, seed: seedKey(seed), ...optimizer.stepValues(iteration, learningRate) };
}
