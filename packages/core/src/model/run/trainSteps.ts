import { agreementOf, type Executable } from "../../backend/index.js";
import type { StepValues } from "../../plan/index.js";
import { sliceOf } from "../declare/batchSlice.js";
import type { DeviceModel } from "./deviceModel.js";
import { nonFiniteLoss } from "./nonFiniteLoss.js";
import type { RunningMeans } from "./runningMeans.js";
import { runSteps, type StartedRun, type Stretch } from "./runSteps.js";
import { stepValues } from "./stepValues.js";

/** Steps of one batch size, and where they stand in training. */
export interface TrainingStretch extends Stretch {
  /** Absent outside `fit`. */
  readonly epoch?: number;
  /** Number of the first step: within the epoch, or outside `fit` over the life of the optimizer. */
  readonly firstStep: number;
  /** Rows of a step in the data set, where they are this process's part of a batch alone; absent: all of the batch. */
  readonly ownRows?: number;
}

/** What steps are trained with. */
export interface StepSettings {
  readonly seed: number;
  /** Gets their results. */
  readonly means: RunningMeans;
  /** Is told of every run of steps that has started. */
  readonly onStart?: (run: StartedRun) => void;
  /** Is told, as soon as `means` has results, how many steps of the stretch are done: nothing can come between. */
  readonly onResults?: (stepsDone: number) => void;
}

/** Training steps that ran together, with a finite loss each. */
export interface TrainedSteps {
  /** Steps of the stretch that are done. */
  readonly stepsDone: number;
  /** Mean loss of each of these steps. */
  readonly losses: readonly number[];
  readonly durationMs: number;
  /** Whether the processes that train together have agreed to end training. */
  readonly stop: boolean;
}

/**
 * Trains for the steps of a stretch and adds their results to `means` as they arrive. At a loss that is NaN or infinite, the
 * weights go back to the last good ones and it throws `NonFiniteLossError`.
 */
export async function* trainSteps(
  { settings: { optimizer, backend }, weights }: DeviceModel,
  executable: Executable,
  { epoch, firstStep, firstRow, batchSize, count, ownRows }: TrainingStretch,
  { seed, means, onStart, onResults }: StepSettings,
): AsyncGenerator<TrainedSteps, void, undefined> {
  const firstIteration = weights.iteration;
  const first = firstRow + (ownRows === undefined ? sliceOf(backend.group, batchSize).offset : 0);
  const rowsEach = ownRows ?? batchSize;
  const values = (step: number): StepValues => {
    const iteration = firstIteration + step;
    const learningRate = weights.optimizer.rateAt(iteration);
    const batchStart = first + step * rowsEach;
    return stepValues(optimizer, { iteration, learningRate, batchStart, seed });
  };
  for await (const run of runSteps(executable, count, values, onStart)) {
    const losses = means.add(run.results, run.count, batchSize);
    const stepsDone = run.firstStep + run.count;
    onResults?.(stepsDone);
    const bad = losses.findIndex((loss) => !Number.isFinite(loss));
    if (bad >= 0) {
      weights.restoreLastGood();
      throw nonFiniteLoss(losses[bad]!, firstStep + run.firstStep + bad, epoch);
    }
    weights.lastGood.confirm(firstIteration + stepsDone - 1);
    const stop = agreementOf(run.results)?.stop ?? false;
    yield { stepsDone, losses, durationMs: run.durationMs, stop };
  }
}
