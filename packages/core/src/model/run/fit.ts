import type { Executable } from "../../backend/index.js";
import type { Callback, Progress, Training, Verbosity } from "../../callbacks/index.js";
import { trainingProgress } from "../../callbacks/progressBar.js";
import { NonFiniteLossError } from "../../errors.js";
import type { StepValues } from "../../plan/index.js";
import { permutation, RandomStream } from "../../random/index.js";
import type { DeviceDataset } from "../data/deviceDataset.js";
import type { HostSamples } from "../data/hostSamples.js";
import { explainFailure } from "./deviceFailure.js";
import type { DeviceModel } from "./deviceModel.js";
import { evaluateDataset } from "./evaluate.js";
import { RunningMeans } from "./runningMeans.js";
import { runSteps, type Stretch } from "./runSteps.js";
import { stepValues } from "./stepValues.js";

/** Everything that training needs, checked and with defaults filled in. */
export interface FitRequest {
  readonly samples: HostSamples;
  readonly validation?: HostSamples;
  readonly batchSize: number;
  readonly epochs: number;
  readonly initialEpoch: number;
  /** Steps of an epoch: all of them, or fewer on request. */
  readonly steps: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly callbacks: readonly Callback[];
  readonly verbose: Verbosity;
}

/** What `fit` returns. */
export interface History {
  /** Epochs that ran, counted from 0. */
  readonly epochs: readonly number[];
  /** One number per epoch: `loss`, the metrics' names, and the same with `val_` in front. */
  readonly history: Readonly<Record<string, readonly number[]>>;
}

/**
 * Trains a model. Throws `NonFiniteLossError` when the loss becomes NaN or infinite; the model then holds the last good
 * weights. Throws `DeviceError` when the device fails, with the epoch that the newest copy of the weights is from.
 */
export async function fit(device: DeviceModel, request: FitRequest): Promise<History> {
  const { datasets, weights } = device;
  const start = weights.iteration;
  const remedy = (): string => howToGoOn(Math.max(0, weights.lastGood.newest.beforeStep - start), request);
  return await explainFailure(weights, remedy, async () => {
    const data = datasets.open(request.samples, { ordered: request.shuffle });
    const validation = request.validation && datasets.open(request.validation);
    const progress = trainingProgress(request.verbose);
    try {
      return await train(device, { ...request, callbacks: [progress, ...request.callbacks] }, data, validation);
    } finally {
      progress.close();
      datasets.release(data);
      if (validation) {
        datasets.release(validation);
      }
    }
  });
}

/** The training loop: epochs, within them stretches of equal batch size, within them runs of steps as results arrive. */
async function train(
  device: DeviceModel,
  request: FitRequest,
  data: DeviceDataset,
  validation: DeviceDataset | undefined,
): Promise<History> {
  const { samples, batchSize, epochs, initialEpoch, steps, shuffle, seed, callbacks } = request;
  const { rows } = samples;
  const { settings, weights, metricStates } = device;
  const done: number[] = [];
  const history: Record<string, number[]> = {};
  let stopped = false;
  const training: Training = {
    epochs,
    initialEpoch,
    stepsPerEpoch: steps,
    batchSize,
    samplesPerEpoch: Math.min(rows, steps * batchSize),
    stop: () => {
      stopped = true;
    },
    getWeights: () => weights.read(),
    setWeights: (replacement) => weights.write(replacement),
  };
  const tell = (call: CallbackCall): Promise<void> => tellAll(callbacks, call);
  // A callback that wants to be called between steps gets every step as a stretch, and so as a run, of its own.
  const eachStep = callbacks.some(({ onBatchBegin, onBatchEnd }) => onBatchBegin || onBatchEnd);

  for (const stretch of stretchesOf(request, initialEpoch, false)) {
    device.expectPlan("train", stretch.batchSize, data);
  }
  await weights.copyNow();
  await tell((callback) => callback.onTrainBegin?.(training));
  for (let epoch = initialEpoch; epoch < epochs && !stopped; epoch++) {
    await tell((callback) => callback.onEpochBegin?.(epoch, training));
    if (shuffle) {
      data.setOrder(permutation(rows, new RandomStream(seed, "shuffle", 0, epoch)));
    }

    const means = new RunningMeans(settings);
    metricStates.clear("train");
    for (const stretch of stretchesOf(request, epoch, eachStep)) {
      const executable = await device.executable("train", stretch.batchSize, data);
      if (eachStep) {
        await tell((callback) => callback.onBatchBegin?.(stretch.firstStep, training));
      }
      for await (const { stepsDone, losses, durationMs } of trainSteps(device, executable, stretch, seed, means)) {
        const progress: Progress = {
          epoch,
          stepsDone: stretch.firstStep + stepsDone,
          samplesDone: stretch.firstRow + stepsDone * stretch.batchSize,
          stepLosses: losses,
          durationMs,
          logs: means.values(),
        };
        await tell((callback) => callback.onProgress?.(progress, training));
        await weights.copyWhenDue();
        if (stopped) {
          break;
        }
      }
      if (eachStep) {
        await tell((callback) => callback.onBatchEnd?.(stretch.firstStep, means.values(), training));
      }
      if (stopped) {
        break;
      }
    }

    const logs = means.values(await metricStates.read("train"));
    if (validation !== undefined) {
      await tell((callback) => callback.onValidationBegin?.(epoch, training));
      for (const [name, value] of Object.entries(await evaluateDataset(device, validation, batchSize))) {
        logs[`val_${name}`] = value;
      }
    }
    done.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      history[name] = [...(history[name] ?? []), value];
    }
    await tell((callback) => callback.onEpochEnd?.(epoch, logs, training));
  }
  await weights.finishTraining();
  await tell((callback) => callback.onTrainEnd?.(training));
  // The device may fail while nothing runs, too: what training has reached must not go with it.
  await weights.copyNow();
  return { epochs: done, history };
}

type CallbackCall = (callback: Callback) => void | Promise<void> | undefined;

async function tellAll(callbacks: readonly Callback[], call: CallbackCall): Promise<void> {
  for (const callback of callbacks) {
    // Only what is a promise is awaited: a microtask for each silent callback would add up.
    const answer = call(callback);
    if (answer !== undefined) {
      await answer;
    }
  }
}

/** Steps of one batch size, and where they stand in training. */
export interface TrainingStretch extends Stretch {
  /** Absent outside `fit`. */
  readonly epoch?: number;
  /** Number of the first step: within the epoch, or outside `fit` over the life of the optimizer. */
  readonly firstStep: number;
}

/** An epoch in stretches: the full batches, then the smaller one that is left. With `eachStep`, every step on its own. */
function* stretchesOf(
  { samples, batchSize, steps }: FitRequest,
  epoch: number,
  eachStep: boolean,
): Generator<TrainingStretch> {
  const { rows } = samples;
  const fullSteps = Math.min(steps, Math.floor(rows / batchSize));
  const count = eachStep ? 1 : fullSteps;
  for (let firstStep = 0; firstStep < fullSteps; firstStep += count) {
    yield { epoch, firstStep, firstRow: firstStep * batchSize, batchSize, count };
  }
  if (steps > fullSteps) {
    const firstRow = fullSteps * batchSize;
    yield { epoch, firstStep: fullSteps, firstRow, batchSize: rows - firstRow, count: 1 };
  }
}

/** Training steps that ran together, with a finite loss each. */
export interface TrainedSteps {
  /** Steps of the stretch that are done. */
  readonly stepsDone: number;
  /** Mean loss of each of these steps. */
  readonly losses: readonly number[];
  readonly durationMs: number;
}

/**
 * Trains for the steps of a stretch and adds their results to `means` as they arrive. At a loss that is NaN or infinite, the
 * weights go back to the last good ones and it throws `NonFiniteLossError`.
 */
export async function* trainSteps(
  { settings: { optimizer }, weights }: DeviceModel,
  executable: Executable,
  { epoch, firstStep, firstRow, batchSize, count }: TrainingStretch,
  seed: number,
  means: RunningMeans,
): AsyncGenerator<TrainedSteps, void, undefined> {
  const firstIteration = weights.iteration;
  const values = (step: number): StepValues =>
    stepValues(optimizer, firstIteration + step, firstRow + step * batchSize, seed);
  for await (const run of runSteps(executable, count, values)) {
    const losses = means.add(run.results, run.count, batchSize);
    const bad = losses.findIndex((loss) => !Number.isFinite(loss));
    if (bad >= 0) {
      weights.restoreLastGood();
      throw nonFiniteLoss(losses[bad]!, firstStep + run.firstStep + bad, epoch);
    }
    const stepsDone = run.firstStep + run.count;
    weights.lastGood.confirm(firstIteration + stepsDone - 1);
    yield { stepsDone, losses, durationMs: run.durationMs };
  }
}

function nonFiniteLoss(loss: number, step: number, epoch: number | undefined): NonFiniteLossError {
  const what =
    epoch === undefined
      ? `the loss of this batch is ${loss}`
      : `the loss became ${loss} in epoch ${epoch + 1}, step ${step + 1}`;
  return new NonFiniteLossError(
    `${what}; the model holds the last good weights. ` +
      "Try a smaller learning rate, clipping (globalClipNorm: 1), or inputs scaled to [0, 1]",
    { epoch: epoch ?? 0, step, loss },
  );
}

function howToGoOn(stepsKept: number, { initialEpoch, epochs, steps }: FitRequest): string {
  const epoch = initialEpoch + Math.floor(stepsKept / steps);
  return epoch >= epochs
    ? "The model holds its weights from after the last epoch; compile it with another backend to use them"
    : `The model holds its weights from before step ${(stepsKept % steps) + 1} of epoch ${epoch + 1}; ` +
        `compile it with another backend and call fit again with initialEpoch: ${epoch}`;
}
