import type { Progress } from "../../callbacks/index.js";
import { type TrainingProgress, trainingProgress } from "../../callbacks/progressBar.js";
import { NonFiniteLossError } from "../../errors.js";
import { explainFailure } from "./deviceFailure.js";
import type { DeviceModel } from "./deviceModel.js";
import { expectSameTraining, expectSameWeights, restoreSameWeights } from "./expectSameRanks.js";
import type { FitRequest } from "./fitRequest.js";
import { FitSession } from "./fitSession.js";
import type { StartedRun } from "./runSteps.js";
import type { TrainingSource } from "./trainingSource.js";
import { trainSteps } from "./trainSteps.js";
import type { Validation } from "./validation.js";

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
  const { weights } = device;
  const progress = trainingProgress(request.verbose);
  const session = new FitSession(device, { ...request, callbacks: [...request.callbacks, progress] });
  const remedy = (): string =>
    howToGoOn(session.stepOf(weights.lastGood.newest.beforeStep), request.epochs, session.stepsPerEpoch);
  return await explainFailure(weights, remedy, async () => {
    let source: TrainingSource | undefined;
    let validation: Validation | undefined;
    try {
      source = request.source(device);
      validation = request.validation?.(device);
      session.open(source);
      device.session = session;
      device.lastFit = undefined;
      const history = await train(device, request, session, source, validation, progress);
      device.lastFit = session.fitState;
      return history;
    } finally {
      device.session = undefined;
      progress.close();
      await source?.close();
      validation?.close();
    }
  });
}

/** The training loop: epochs, within them stretches of equal batch size, within them runs of steps as results arrive. */
async function train(
  device: DeviceModel,
  request: FitRequest,
  session: FitSession,
  source: TrainingSource,
  validation: Validation | undefined,
  progress: TrainingProgress,
): Promise<History> {
  const { epochs, resumeFrom } = request;
  const { weights } = device;
  const { callbacks } = session;
  const done: number[] = [];
  const history = new Map<string, number[]>();

  if (resumeFrom !== undefined) {
    await session.setState(resumeFrom);
  }
  await weights.copyNow();
  await callbacks.tell((callback) => callback.onTrainBegin?.(session));
  await session.settleStart();
  await expectSameTraining(device, request, session);
  await session.agreeToStop();
  while (session.epoch < epochs && !session.stopped) {
    const { epoch } = session;
    await callbacks.tell((callback) => callback.onEpochBegin?.(epoch, session));
    await session.beginEpoch();
    await source.beginEpoch(epoch, session.step);
    try {
      await trainEpoch(device, request, session, source);
      session.noteLastStep();
    } catch (error) {
      if (!(error instanceof NonFiniteLossError)) {
        throw error;
      }
      await restoreSameWeights(device);
      await session.survive(error);
    }
    await source.endEpoch();
    if (source.placement !== undefined && done.length === 0) {
      progress.note(source.placement);
    }
    const logs = session.means.values(await session.readCounts());
    if (validation !== undefined) {
      await callbacks.tell((callback) => callback.onValidationBegin?.(epoch, session));
      for (const [name, value] of Object.entries(await validation.evaluate())) {
        logs[`val_${name}`] = value;
      }
      if (validation.placement !== undefined && done.length === 0) {
        progress.note(validation.placement);
      }
    }
    done.push(epoch);
    for (const [name, value] of Object.entries(await session.endEpoch(logs))) {
      history.set(name, [...(history.get(name) ?? []), value]);
    }
    await session.agreeToStop();
    await expectSameWeights(device, epoch);
  }
  await weights.finishTraining();
  await callbacks.tell((callback) => callback.onTrainEnd?.(session));
  // The device may fail while nothing runs, too: what training has reached must not go with it.
  await weights.copyNow();
  return { epochs: done, history: Object.fromEntries(history) };
}

/** The steps of an epoch that are not done yet. */
async function trainEpoch(
  device: DeviceModel,
  { steps, seed }: FitRequest,
  session: FitSession,
  source: TrainingSource,
): Promise<void> {
  const { callbacks, means, epoch } = session;
  let samplesDone = session.step * source.batchSize;
  // As in Keras, a training that is stopped before the first step of an epoch still makes that one.
  while (session.step < steps && !(session.stopped && session.step > 0)) {
    const { step, stepOverall } = session;
    const taken = await source.next(step, Math.min(steps - step, callbacks.stepsUntilDue(stepOverall)));
    if (taken === undefined) {
      break;
    }
    const stretch = { ...taken, epoch, firstStep: step };
    const executable = await device.executable("train", taken.batchSize, taken.dataset);
    await callbacks.tellAtStep(stepOverall, (callback) => callback.onBatchBegin?.(step, session));
    const onStart = (run: StartedRun): void => session.noteStart(run, stretch);
    const onResults = (stepsDone: number): void => session.noteResults(step + stepsDone);
    const samplesBefore = samplesDone;
    for await (const trained of trainSteps(device, executable, stretch, { seed, means, onStart, onResults })) {
      samplesDone = samplesBefore + trained.stepsDone * taken.batchSize;
      const progress: Progress = {
        epoch,
        stepsDone: session.step,
        samplesDone,
        stepLosses: trained.losses,
        durationMs: trained.durationMs,
        waitedMs: source.waitedMs,
        logs: means.values(),
      };
      await callbacks.tell((callback) => callback.onProgress?.(progress, session));
      await device.weights.copyWhenDue();
      if (trained.stop) {
        session.noteStop();
      }
      if (session.stopped) {
        await session.finishSteps();
        break;
      }
    }
    const done = session.step;
    await callbacks.tellAtStep(session.stepOverall, (callback) =>
      callback.onBatchEnd?.(done - 1, session.means.values(), session),
    );
  }
}

/** @param step the one that the newest copy of the weights is from before, counted from the first step of the first epoch */
function howToGoOn(step: number, epochs: number, steps: number): string {
  const epoch = Math.floor(step / steps);
  return epoch >= epochs
    ? "The model holds its weights from after the last epoch; compile it with another backend to use them"
    : `The model holds its weights from before step ${(step % steps) + 1} of epoch ${epoch + 1}; ` +
        `compile it with another backend and call fit again with initialEpoch: ${epoch}`;
}
