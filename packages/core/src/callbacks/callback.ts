/** Values by name: `loss`, `accuracy`, `val_loss`, ... */
export type Logs = Readonly<Record<string, number>>;

/** What a callback learns of a training run, and how it acts on it. */
export interface Training {
  readonly epochs: number;
  /** First epoch, counted from 0. */
  readonly initialEpoch: number;
  readonly stepsPerEpoch: number;
  readonly batchSize: number;
  /** Samples trained on per epoch. */
  readonly samplesPerEpoch: number;
  /** Ends training when the steps under way are done; validation and `onEpochEnd` of this epoch still come, as in Keras. */
  stop(): void;
  /** The weights as they are now, in the model's order. */
  getWeights(): Promise<Float32Array[]>;
  /** Replaces the weights. */
  setWeights(weights: readonly Float32Array[]): void;
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
  /** Means over the epoch so far. */
  readonly logs: Logs;
}

/**
 * Told what happens in `fit`, in the order given; each method may be async and is awaited. Epochs and steps count from 0.
 * Names and times are those of Keras' callbacks; `onProgress` is Convoy's own.
 */
export interface Callback {
  /** Before the first epoch. */
  onTrainBegin?(training: Training): void | Promise<void>;
  /** Before the first step of an epoch. */
  onEpochBegin?(epoch: number, training: Training): void | Promise<void>;
  /** Before a step. With this or `onBatchEnd` every step is its own run and is waited for, which fast devices feel. */
  onBatchBegin?(step: number, training: Training): void | Promise<void>;
  /** After a step, with the means over the epoch so far. Costs speed like `onBatchBegin`; prefer `onProgress`. */
  onBatchEnd?(step: number, logs: Logs, training: Training): void | Promise<void>;
  /** When results arrive, several steps at a time, about twenty times a second. Costs no speed. */
  onProgress?(progress: Progress, training: Training): void | Promise<void>;
  /** When validation begins, if there is any. */
  onValidationBegin?(epoch: number, training: Training): void | Promise<void>;
  /** After the last step of an epoch and its validation, with the means over the epoch. */
  onEpochEnd?(epoch: number, logs: Logs, training: Training): void | Promise<void>;
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
