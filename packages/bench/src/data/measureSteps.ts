import type { Sequential } from "@convoy/core";
import { median } from "../training/percentile.js";

/** What a training step takes in one of several ways. */
export interface StepResult {
  readonly how: string;
  /** Milliseconds a step, median over the rounds. */
  readonly stepMs: number;
  /** Median over the rounds of the step against that of the first way, of the same round. */
  readonly ratio: number;
}

/** How much is measured. */
export interface StepsRequest {
  /** Steps of an epoch. */
  readonly steps: number;
  /** Epochs of each way, in turns; one more goes before, which is not counted. */
  readonly rounds: number;
  readonly batchSize: number;
}

/** A model, compiled, and an epoch of it. */
export interface WayOfTraining {
  readonly model: Sequential;
  readonly train: (model: Sequential) => Promise<unknown>;
}

/** Trains in each of the ways in turns, an epoch at a time; the models are disposed of at the end. */
export async function measureSteps(
  ways: Readonly<Record<string, WayOfTraining>>,
  { steps, rounds }: Pick<StepsRequest, "steps" | "rounds">,
): Promise<StepResult[]> {
  const names = Object.keys(ways);
  const times = names.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { model, train }] of Object.values(ways).entries()) {
      const start = performance.now();
      await train(model);
      if (round > 0) {
        times[index]!.push((performance.now() - start) / steps);
      }
    }
  }
  for (const { model } of Object.values(ways)) {
    model.dispose();
  }
  return names.map((how, index) => ({
    how,
    stepMs: median(times[index]!)!,
    ratio: median(times[index]!.map((time, round) => time / times[0]![round]!))!,
  }));
}
