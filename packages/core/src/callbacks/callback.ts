import type { NonFiniteLossError } from "../errors.js";
import type { PlainData } from "../saving/plainData.js";
import type { ModelTarget } from "../saving/stores.js";
import type { TrainingState } from "./trainingState.js";

/** Values by name: `loss`, `accuracy`, `val_loss`, ... */
export type Logs = Readonly<Record<string, number>>;

/** What a callback learns of a training run, and how it acts on it. */
export interface Training {
  readonly epochs: number;
  /** First epoch of this run, counted from 0. */
  readonly initialEpoch: number;
  /** Infinity in the first epoch over a data set of which it is not known. */
  readonly stepsPerEpoch: number;
  /** 0 before the first batch of a data set whose batches it does not make. */
  readonly batchSize: number;
  /** Samples trained on per epoch. */
  readonly samplesPerEpoch: number;
  /** Steps that the optimizer has started since `compile`. */
  readonly iteration: number;
  /**
   * Learning rate of the steps that are not started yet. May be set where `compile` was given a number and no schedule, and
   * stays until the next `compile`; set between steps, in `onEpochBegin` or `onBatchBegin` say, it holds from the very next one.
   * Throws `ArgumentError` when set beside a schedule, or to what is no finite number of at least 0.
   */
  learningRate: number;
  /**
   * Whether this process writes files and prints. Where several train together, only the first does: the others are told of
   * everything as well, and have the same values.
   */
  readonly writes: boolean;
  /** Ends training when the steps under way are done; validation and `onEpochEnd` of this epoch still come, as in Keras. */
  stop(): void;
  /** The weights as they are now, in the model's order. */
  getWeights(): Promise<Float32Array[]>;
  /** Replaces the weights. */
  setWeights(weights: readonly Float32Array[]): void;
  /**
   * All that the rest of training depends on, after the steps that have been started: in the middle of an epoch, too. `fit`
   * goes on from it by `resumeFrom` to the same bits as if it had never stopped. Where several processes train
   * together all of them call it, whichever then writes: metrics have counted on each.
   */
  getState(): Promise<TrainingState>;
  /**
   * Lets this run go on from a state, in `onTrainBegin` alone. Throws `ArgumentError` or `ShapeError` where it is of another
   * model, optimizer or fit.
   */
  setState(state: TrainingState): Promise<void>;
  /** Writes the whole model as it is now, as `Model.save` does. */
  save(target: ModelTarget): Promise<void>;
  /** Writes the weights as they are now, as `Model.saveWeights` does. */
  saveWeights(target: ModelTarget): Promise<void>;
  /** Adds a value to the logs of the epoch that has ended, for the callbacks that come later and the history; in `onEpochEnd` alone. */
  log(name: string, value: number): void;
}

/** Results of steps that ran together. */
export interface Progress {
  /** Epoch, counted from 0. */
  readonly epoch: number;
  /** Steps of this epoch that are done. */
  readonly stepsDone: number;
  /** Samples of this epoch that are done. */
  readonly samplesDone: number;
  /** Loss of each step since the last call, in order. */
  readonly stepLosses: readonly number[];
  /** Time that these steps took together. */
  readonly durationMs: number;
  /** Time of this epoch in which the device has waited for data. */
  readonly waitedMs: number;
  /** Means over the epoch so far. */
  readonly logs: Logs;
}

/**
 * Told what happens in `fit`, in the order given; each method may be async and is awaited. Epochs and steps count from 0.
 * Names and times are those of Keras' callbacks; `onProgress` is Convoy's own.
 */
export interface Callback {
  /** Under which a training state holds what `getState` gives; needed beside it. */
  readonly name?: string;
  /** Whether it is told of everything after those that are not; default false. For callbacks that save what the others have left. */
  readonly last?: boolean;
  /**
   * Steps between two calls of `onBatchBegin` and `onBatchEnd`, counted from the first step of the first epoch: with 100,
   * `onBatchEnd` comes after steps 100, 200, ..., and the steps between run together. Default 1.
   */
  readonly batchInterval?: number;
  /** What it keeps between its calls, if training that goes on elsewhere needs it. Part of `Training.getState`. */
  getState?(): PlainData;
  /** Takes back what `getState` has given, before training goes on. */
  setState?(state: PlainData, training: Training): void;
  /** Before the first epoch. */
  onTrainBegin?(training: Training): void | Promise<void>;
  /** Before the first step of an epoch. */
  onEpochBegin?(epoch: number, training: Training): void | Promise<void>;
  /** Before a step. With this or `onBatchEnd` the device waits for JavaScript at every step that `batchInterval` names. */
  onBatchBegin?(step: number, training: Training): void | Promise<void>;
  /** After a step, with the means over the epoch so far. Costs speed like `onBatchBegin`; prefer `onProgress`. */
  onBatchEnd?(step: number, logs: Logs, training: Training): void | Promise<void>;
  /** When results arrive, several steps at a time, about twenty times a second. Costs no speed. */
  onProgress?(progress: Progress, training: Training): void | Promise<void>;
  /** When validation begins, if there is any. */
  onValidationBegin?(epoch: number, training: Training): void | Promise<void>;
  /** After the last step of an epoch and its validation, with the means over the epoch. */
  onEpochEnd?(epoch: number, logs: Logs, training: Training): void | Promise<void>;
  /**
   * When the loss becomes NaN or infinite; the model holds the last good weights. `fit` then throws the error, unless a callback
   * ends training by `training.stop()`.
   */
  onNonFiniteLoss?(error: NonFiniteLossError, training: Training): void | Promise<void>;
  /** When training is over. */
  onTrainEnd?(training: Training): void | Promise<void>;
}

/** Progress of an evaluation or prediction. */
export interface EvaluationProgress {
  readonly stepsDone: number;
  readonly steps: number;
  readonly samplesDone: number;
  readonly samples: number;
  readonly logs: Logs;
}
