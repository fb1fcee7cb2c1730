import type { Progress } from "../../callbacks/index.js";
import { trainingProgress } from "../../callbacks/progressBar.js";
import { NonFiniteLossError } from "../../errors.js";
import { permutation, RandomStream } from "../../random/index.js";
import type { DeviceDataset } from "../data/deviceDataset.js";
import { explainFailure } from "./deviceFailure.js";
import type { DeviceModel } from "./deviceModel.js";
import { evaluateDataset } from "./evaluate.js";
import type { FitRequest } from "./fitRequest.js";
import { FitSession } from "./fitSession.js";
import type { StartedRun } from "./runSteps.js";
import { type TrainingStretch, trainSteps } from "./trainSteps.js";

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
  const progress = trainingProgress(request.verbose);
  const session = new FitSession(device, { ...request, callbacks: [...request.callbacks, progress] });
  const remedy = (): string => howToGoOn(session.stepOf(weights.lastGood.newest.beforeStep), request);
  return await explainFailure(weights, remedy, async () => {
    const data = datasets.open(request.samples, { ordered: request.shuffle });
    const validation = request.validation && datasets.open(request.validation);
    device.session = session;
    device.lastFit = undefined;
    try {
      const history = await train(device, request, session, data, validation);
      device.lastFit = session.fitState;
      return history;
    } finally {
      device.session = undefined;
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
  session: FitSession,
  data: DeviceDataset,
  validation: DeviceDataset | undefined,
): Promise<History> {
  const { samples, batchSize, epochs, shuffle, seed, resumeFrom } = request;
  const { weights, metricStates } = device;
  const { callbacks } = session;
  const done: number[] = [];
  const history: Record<string, number[]> = {};

  for (const size of batchSizes(request)) {
    device.expectPlan("train", size, data);
  }
  if (resumeFrom !== undefined) {
    await session.setState(resumeFrom);
  }
  await weights.copyNow();
  await callbacks.tell((callback) => callback.onTrainBegin?.(session));
  await session.settleStart();
  while (session.epoch < epochs && !session.stopped) {
    const { epoch } = session;
    await callbacks.tell((callback) => callback.onEpochBegin?.(epoch, session));
    if (shuffle) {
      data.setOrder(permutation(samples.rows, new RandomStream(seed, "shuffle", 0, epoch)));
    }
    await session.beginEpoch();
    try {
      await trainEpoch(device, request, session, data);
    } catch (error) {
      if (!(error instanceof NonFiniteLossError)) {
        throw error;
      }
      await session.survive(error);
    }
    const logs = session.means.values(await metricStates.read("train"));
    if (validation !== undefined) {
      await callbacks.tell((callback) => callback.onValidationBegin?.(epoch, session));
      for (const [name, value] of Object.entries(await evaluateDataset(device, validation, batchSize))) {
        logs[`val_${name}`] = value;
      }
    }
    done.push(epoch);
    for (const [name, value] of Object.entries(await session.endEpoch(logs))) {
      history[name] = [...(history[name] ?? []), value];
    }
  }
  await weights.finishTraining();
  await callbacks.tell((callback) => callback.onTrainEnd?.(session));
  // The device may fail while nothing runs, too: what training has reached must not go with it.
  await weights.copyNow();
  return { epochs: done, history };
}

/** The steps of an epoch that are not done yet. */
async function trainEpoch(
  device: DeviceModel,
  request: FitRequest,
  session: FitSession,
  data: DeviceDataset,
): Promise<void> {
  const { steps, seed } = request;
  const { callbacks, means, epoch } = session;
  // As in Keras, a training that is stopped before the first step of an epoch still makes that one.
  while (session.step < steps && !(session.stopped && session.step > 0)) {
    const { step } = session;
    const stretch = nextStretch(request, session);
    const executable = await device.executable("train", stretch.batchSize, data);
    await callbacks.tellAtStep(epoch * steps + step, (callback) => callback.onBatchBegin?.(step, session));
    const onStart = (run: StartedRun): void => session.noteStart(run, stretch);
    const onResults = (stepsDone: number): void => session.noteResults(stretch.firstStep + stepsDone);
    for await (const trained of trainSteps(device, executable, stretch, { seed, means, onStart, onResults })) {
      const progress: Progress = {
        epoch,
        stepsDone: session.step,
        samplesDone: stretch.firstRow + trained.stepsDone * stretch.batchSize,
        stepLosses: trained.losses,
        durationMs: trained.durationMs,
        logs: means.values(),
      };
      await callbacks.tell((callback) => callback.onProgress?.(progress, session));
      await device.weights.copyWhenDue();
      if (session.stopped) {
        await session.finishSteps();
        break;
      }
    }
    const done = session.step;
    await callbacks.tellAtStep(epoch * steps + done, (callback) =>
      callback.onBatchEnd?.(done - 1, session.means.values(), session),
    );
  }
}

/** The next steps of an epoch that may run together: of one batch size, and none of them one that a callback waits for. */
function nextStretch(
  { samples, batchSize, steps }: FitRequest,
  { epoch, step, callbacks }: FitSession,
): TrainingStretch {
  const { rows } = samples;
  const fullSteps = Math.min(steps, Math.floor(rows / batchSize));
  const firstRow = step * batchSize;
  return step < fullSteps
    ? {
        ...{ epoch, firstStep: step, firstRow, batchSize },
        count: Math.min(fullSteps - step, callbacks.stepsUntilDue(epoch * steps + step)),
      }
    : { epoch, firstStep: step, firstRow, batchSize: rows - firstRow, count: 1 };
}

/** Of the steps of an epoch: the full one and that of what is left. */
function batchSizes({ samples, batchSize, steps }: FitRequest): readonly number[] {
  const rest = samples.rows % batchSize;
  return steps * batchSize > samples.rows ? [batchSize, rest] : [batchSize];
}

/** @param step the one that the newest copy of the weights is from before, counted from the first step of the first epoch */
function howToGoOn(step: number, { epochs, steps }: FitRequest): string {
  const epoch = Math.floor(step / steps);
  return epoch >= epochs
    ? "The model holds its weights from after the last epoch; compile it with another backend to use them"
    : `The model holds its weights from before step ${(step % steps) + 1} of epoch ${epoch + 1}; ` +
        `compile it with another backend and call fit again with initialEpoch: ${epoch}`;
}
