import type { Optimizer } from "../../optimizers/index.js";
import type { StepValues } from "../../plan/index.js";
import { seedKey } from "../../random/index.js";

/** What a training step gets: the rates of its iteration, the start of its batch, the seed. */
export function stepValues(optimizer: Optimizer, iteration: number, batchStart: number, seed: number): StepValues {
  const learningRate = optimizer.schedule(iteration);
  const values = optimizer.stepValues(iteration, learningRate);
  return { iteration, batchStart, learningRate, seed: seedKey(seed), ...values };
}
