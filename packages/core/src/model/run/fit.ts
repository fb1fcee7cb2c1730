import type { Callback, Logs, Progress, Training, Verbosity } from "../../callbacks/index.js";
import { trainingProgress } from "../../callbacks/progressBar.js";
import { NonFiniteLossError } from "../../errors.js";
import type { StepValues } from "../../plan/index.js";
import { permutation, RandomStream } from "../../random/index.js";
import { DeviceDataset, type HostSamples } from "../data/deviceDataset.js";
import type { CompiledModel } from "../declare/buildPlan.js";
import { explainFailure } from "./deviceFailure.js";
import type { DeviceModel } from "./deviceModel.js";
import { evaluateDataset } from "./evaluate.js";
import { RunningMeans, rowsPerStep } from "./runningMeans.js";
import { runSteps, type StepsResult } from "./runSteps.js";
import { stepValues } from "./stepValues.js";

/** Everything that a training run needs, checked and with defaults filled in. */
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
  /** One number an epoch: `loss`, the metrics' names, and the same with `val_` in front. */
  readonly history: Readonly<Record<string, readonly number[]>>;
}

/**
 * Trains a model. Throws `NonFiniteLossError` at a loss that is not finite; the model then holds the last good weights.
 * Throws `DeviceError` when the device fails, with the epoch that the newest copy of the weights is from.
 */
export async function fit(model: CompiledModel, device: DeviceModel, request: FitRequest): Promise<History> {
  const start = device.iteration;
  const remedy = (): string => howToGoOn(Math.max(0, device.lastGood.newest.beforeStep - start), request);
  return await explainFailure(device, remedy, () => train(model, device, request));
}

function howToGoOn(stepsKept: number, { initialEpoch, epochs, steps }: FitRequest): string {
  const epoch = initialEpoch + Math.floor(stepsKept / steps);
  return epoch >= epochs
    ? "The model holds its weights from after the last epoch; compile it with another backend to use them"
    : `The model holds its weights from before step ${(stepsKept % steps) + 1} of epoch ${epoch + 1}; ` +
        `compile it with another backend and call fit again with initialEpoch: ${epoch}`;
}

async function train(model: CompiledModel, device: DeviceModel, request: FitRequest): Promise<History> {
  const dataset = device.keep(new DeviceDataset(device.backend, request.samples, request.shuffle));
  const validation = request.validation && device.keep(new DeviceDataset(device.backend, request.validation, false));
  const progress = trainingProgress(request.verbose);
  try {
    const callbacks = [progress, ...request.callbacks];
    return await new TrainingRun(model, device, request, callbacks, dataset, validation).run();
  } finally {
    progress.close();
    device.release(dataset);
    if (validation) {
      device.release(validation);
    }
  }
}

class TrainingRun {
  readonly #model: CompiledModel;
  readonly #device: DeviceModel;
  readonly #request: FitRequest;
  readonly #dataset: DeviceDataset;
  readonly #validation: DeviceDataset | undefined;
  readonly #callbacks: readonly Callback[];
  readonly #training: Training;
  readonly #everyStep: boolean;
  #stopped = false;
  /** Iterations whose results have arrived. */
  #completed: number;

  constructor(
    model: CompiledModel,
    device: DeviceModel,
    request: FitRequest,
    callbacks: readonly Callback[],
    dataset: DeviceDataset,
    validation: DeviceDataset | undefined,
  ) {
    this.#model = model;
    this.#device = device;
    this.#request = request;
    this.#dataset = dataset;
    this.#validation = validation;
    this.#completed = device.iteration;
    this.#callbacks = callbacks;
    this.#everyStep = callbacks.some((callback) => callback.onBatchBegin || callback.onBatchEnd);
    this.#training = {
      epochs: request.epochs,
      initialEpoch: request.initialEpoch,
      stepsPerEpoch: request.steps,
      batchSize: request.batchSize,
      samplesPerEpoch: Math.min(request.samples.inputs.rows, request.steps * request.batchSize),
      stop: () => {
        this.#stopped = true;
      },
      getWeights: () => device.readWeights(),
      setWeights: (weights) => device.writeWeights(weights),
    };
  }

  async run(): Promise<History> {
    const { epochs, initialEpoch } = this.#request;
    const done: number[] = [];
    const history: Record<string, number[]> = {};
    await this.#device.lastGood.copyNow(this.#device.iteration);
    await this.#tell((callback) => callback.onTrainBegin?.(this.#training));
    for (let epoch = initialEpoch; epoch < epochs && !this.#stopped; epoch++) {
      await this.#tell((callback) => callback.onEpochBegin?.(epoch, this.#training));
      const logs = await this.#epoch(epoch);
      done.push(epoch);
      for (const [name, value] of Object.entries(logs)) {
        history[name] = [...(history[name] ?? []), value];
      }
      await this.#tell((callback) => callback.onEpochEnd?.(epoch, logs, this.#training));
    }
    await this.#tell((callback) => callback.onTrainEnd?.(this.#training));
    // The device may fail while nothing runs, too: what training has reached must not go with it.
    await this.#device.lastGood.copyNow(this.#device.iteration);
    return { epochs: done, history };
  }

  async #epoch(epoch: number): Promise<Logs> {
    const { samples, batchSize, shuffle, seed, steps } = this.#request;
    const { rows } = samples.inputs;
    if (shuffle) {
      this.#dataset.setOrder(permutation(rows, new RandomStream(seed, "shuffle", 0, epoch)));
    }
    const means = new RunningMeans(["loss", ...this.#model.metrics.map(({ name }) => name)]);
    const fullSteps = Math.min(steps, Math.floor(rows / batchSize));
    await this.#steps(epoch, 0, fullSteps, batchSize, means);
    if (steps > fullSteps && !this.#stopped) {
      await this.#steps(epoch, fullSteps, 1, rows - fullSteps * batchSize, means);
    }
    return this.#validate(epoch, means.values());
  }

  /** Runs `count` steps of one batch size, the first of which is step `from` of the epoch. */
  async #steps(epoch: number, from: number, count: number, size: number, means: RunningMeans): Promise<void> {
    if (count === 0) {
      return;
    }
    const executable = await this.#device.executable("train", size, this.#dataset);
    const values = (step: number): StepValues => this.#stepValues(from + step);
    if (!this.#everyStep) {
      await runSteps(executable, count, values, (result) => this.#progress(epoch, from, size, means, result), {
        everyStep: false,
      });
      return;
    }
    for (let step = 0; step < count && !this.#stopped; step++) {
      await this.#tell((callback) => callback.onBatchBegin?.(from + step, this.#training));
      const report = (result: StepsResult): Promise<boolean> => this.#progress(epoch, from + step, size, means, result);
      await runSteps(executable, 1, () => values(step), report, { everyStep: true });
      await this.#tell((callback) => callback.onBatchEnd?.(from + step, means.values(), this.#training));
    }
  }

  #stepValues(step: number): StepValues {
    const { batchSize, seed } = this.#request;
    return stepValues(this.#model.optimizer, this.#device.iteration++, step * batchSize, seed);
  }

  async #progress(
    epoch: number,
    from: number,
    size: number,
    means: RunningMeans,
    report: StepsResult,
  ): Promise<boolean> {
    const stepLosses = means.add(report.results, report.count, rowsPerStep(this.#model, size));
    const firstStep = from + report.firstStep;
    const bad = stepLosses.findIndex((loss) => !Number.isFinite(loss));
    if (bad >= 0) {
      this.#diverged(epoch, firstStep + bad, stepLosses[bad] as number);
    }
    this.#completed += report.count;
    this.#device.lastGood.confirm(this.#completed - 1);
    const samplesBefore =
      Math.min(firstStep, Math.floor(this.#dataset.signature.rows / this.#request.batchSize)) * this.#request.batchSize;
    const progress: Progress = {
      epoch,
      stepsDone: firstStep + report.count,
      samplesDone: samplesBefore + report.count * size,
      stepLosses,
      durationMs: report.durationMs,
      logs: means.values(),
    };
    await this.#tell((callback) => callback.onProgress?.(progress, this.#training));
    await this.#device.lastGood.copy(this.#device.iteration);
    return !this.#stopped;
  }

  #diverged(epoch: number, step: number, loss: number): never {
    this.#device.restoreLastGood();
    throw new NonFiniteLossError(
      `the loss became ${loss} in epoch ${epoch + 1}, step ${step + 1}; the model holds the last good weights. ` +
        "Try a smaller learning rate, clipping (globalClipNorm: 1), or inputs scaled to [0, 1]",
      { epoch, step, loss },
    );
  }

  async #validate(epoch: number, logs: Logs): Promise<Logs> {
    if (this.#validation === undefined) {
      return logs;
    }
    await this.#tell((callback) => callback.onValidationBegin?.(epoch, this.#training));
    const results = await evaluateDataset(this.#model, this.#device, this.#validation, this.#request.batchSize);
    const named = Object.entries(results).map(([name, value]) => [`val_${name}`, value] as const);
    return { ...logs, ...Object.fromEntries(named) };
  }

  async #tell(call: (callback: Callback) => void | Promise<void> | undefined): Promise<void> {
    for (const callback of this.#callbacks) {
      // Only what is a promise is awaited: a microtask for each silent callback would add up.
      const answer = call(callback);
      if (answer !== undefined) {
        await answer;
      }
    }
  }
}
