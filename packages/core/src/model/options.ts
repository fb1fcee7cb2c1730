import type { Backend } from "../backend/index.js";
import type { Callback, TrainingState, Verbosity } from "../callbacks/index.js";
import { expectCount, expectRange } from "../checkOption.js";
import { ArgumentError } from "../errors.js";
import type { Loss, LossName } from "../losses/index.js";
import type { Metric, MetricName } from "../metrics/index.js";
import type { Optimizer, OptimizerName } from "../optimizers/index.js";
import type { ClassWeight } from "./data/checkData.js";
import { type HostSamples, sliceSamples } from "./data/hostSamples.js";
import type { ModelData } from "./data/modelSamples.js";
import type { ModelMode } from "./declare/buildPlan.js";
import type { PerOutput } from "./declare/perPort.js";
import type { FitRequest } from "./run/fitRequest.js";

/** What `compile` is given: where the model runs and how it is trained. */
export interface CompileOptions {
  /** What the model runs on: `await wasm()`, `await webgpu()`, `await cuda()`, `await reference()`. The model does not dispose of it. */
  readonly backend: Backend;
  /** Name or optimizer; default "rmsprop", as in Keras. */
  readonly optimizer?: OptimizerName | Optimizer;
  /** Name or loss, for several outputs one for all, or one for each in order or by name. May be left out for prediction alone. */
  readonly loss?: PerOutput<LossName | Loss>;
  /** For several outputs, the share of each in the loss, in order or by name; default 1. */
  readonly lossWeights?: PerOutput<number>;
  /** Default none. For several outputs, those of each in order or by name. */
  readonly metrics?:
    | readonly (MetricName | Metric)[]
    | PerOutput<MetricName | Metric | readonly (MetricName | Metric)[]>;
}

/** The options of `compile`. */
export const compileOptionNames: readonly (keyof CompileOptions)[] = [
  ...(["backend", "optimizer", "loss", "lossWeights", "metrics"] as const),
];

/** Options of `fit`. Names and defaults are Keras'. */
export interface FitOptions {
  /** Samples per step; default 32. The last step of an epoch takes what is left. */
  readonly batchSize?: number;
  /** Index of the epoch at which training ends; default 1. */
  readonly epochs?: number;
  /** Share of the samples that is held back for validation, taken from their end before shuffling; in [0, 1), default 0. */
  readonly validationSplit?: number;
  /** Samples, labels and, if wanted, sample weights for validation; comes before `validationSplit`. */
  readonly validationData?: readonly [ModelData, ModelData] | readonly [ModelData, ModelData, ModelData];
  /** Whether every epoch has another order; default true. */
  readonly shuffle?: boolean;
  /** Seed of order and dropout, an integer from 0 to 2^53 - 1; default: the model's. */
  readonly seed?: number;
  readonly callbacks?: readonly Callback[];
  /** 0 silent, 1 a bar per epoch (plain lines where there is no terminal), 2 a line per epoch; "auto" (default) is 1. */
  readonly verbose?: Verbosity | "auto";
  /** Weights by class number; absent classes weigh 1. */
  readonly classWeight?: ClassWeight;
  /** One weight per sample [N]; for several outputs the same for all, or of each in order or by name. */
  readonly sampleWeight?: ModelData;
  /** Steps of an epoch; default: all of them. */
  readonly stepsPerEpoch?: number;
  /** Epoch at which training starts; default 0. */
  readonly initialEpoch?: number;
  /**
   * State that training goes on from, as if it had never stopped: to the same bits, also from the middle of an epoch, given the
   * same data and callbacks. The history has the epochs from there on. `batchSize`, `stepsPerEpoch`, `shuffle` and `seed` are those of the state where they are left out.
   * Throws `ArgumentError` or `ShapeError` where data, options, model or optimizer are others than the state's.
   */
  readonly resumeFrom?: TrainingState;
}

/** The options of `fit`. */
export const fitOptionNames: readonly (keyof FitOptions)[] = [
  ...(["batchSize", "epochs", "validationSplit", "validationData", "shuffle", "seed", "callbacks", "verbose"] as const),
  ...(["classWeight", "sampleWeight", "stepsPerEpoch", "initialEpoch", "resumeFrom"] as const),
];

/** Settings of `evaluate`. */
export interface EvaluateOptions {
  /** Samples per step; does not change the result. Default 256. */
  readonly batchSize?: number;
  /** As in `fit`. */
  readonly verbose?: Verbosity | "auto";
  /** One weight per sample [N]. */
  readonly sampleWeight?: ModelData;
}

/** The options of `evaluate`. */
export const evaluateOptionNames: readonly (keyof EvaluateOptions)[] = ["batchSize", "verbose", "sampleWeight"];

/** Settings of `predict`. */
export interface PredictOptions {
  /** Samples per step; does not change the result. Default 256. */
  readonly batchSize?: number;
  /** Default 0. */
  readonly verbose?: Verbosity | "auto";
}

/** The options of `predict`. */
export const predictOptionNames: readonly (keyof PredictOptions)[] = ["batchSize", "verbose"];

/** Settings of `trainOnBatch`. */
export interface TrainOnBatchOptions {
  readonly sampleWeight?: ModelData;
  readonly classWeight?: ClassWeight;
  /** Seed of dropout; default: the model's. */
  readonly seed?: number;
}

/** The options of `trainOnBatch`. */
export const trainOnBatchOptionNames: readonly (keyof TrainOnBatchOptions)[] = ["sampleWeight", "classWeight", "seed"];

/** Settings of `plan`. */
export interface PlanOptions {
  /** Default "train". */
  readonly mode?: ModelMode;
  /** Default 32. */
  readonly batchSize?: number;
  /** Where the printed plan goes; default `console.log`. */
  readonly print?: (text: string) => void;
}

/** Batch size of `evaluate` and `predict`, which does not change their results. */
export const defaultEvaluationBatch = 256;

/** Batch size of `fit` where none is given (Keras). */
export const defaultBatchSize = 32;

/** Throws unless `value` is a seed. */
export function expectSeed(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ArgumentError(`seed is ${value}, expected an integer from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
  return value;
}

/** 0, 1 or 2 from a verbosity option. */
export function resolveVerbosity(verbose: Verbosity | "auto"): Verbosity {
  if (verbose !== "auto" && ![0, 1, 2].includes(verbose)) {
    throw new ArgumentError(`verbose is ${verbose}, expected 0, 1, 2 or "auto"`);
  }
  return verbose === "auto" ? 1 : verbose;
}

/** Options checked and filled in; the samples split. Throws `ArgumentError` for options out of range. */
export function resolveFit(
  options: FitOptions,
  samples: HostSamples,
  validation: HostSamples | undefined,
  modelSeed: number,
): Omit<FitRequest, "replaceWeights" | "files"> {
  const { resumeFrom } = options;
  const known = resumeFrom?.fit;
  const batchSize = expectCount("batchSize", options.batchSize ?? known?.batchSize ?? defaultBatchSize);
  const split = splitOff(samples, options.validationSplit ?? 0, validation);
  const { rows } = split.samples;
  const all = Math.ceil(rows / batchSize);
  const steps = expectCount("stepsPerEpoch", options.stepsPerEpoch ?? Math.min(all, known?.stepsPerEpoch ?? all));
  if (steps > all) {
    throw new ArgumentError(
      `stepsPerEpoch is ${steps}, but ${rows} samples give ${all} steps at batchSize ${batchSize}`,
    );
  }
  return {
    ...split,
    batchSize: Math.min(batchSize, rows),
    steps,
    epochs: expectCount("epochs", options.epochs ?? 1),
    initialEpoch: expectCount("initialEpoch", firstEpoch(options), 0),
    shuffle: options.shuffle ?? known?.shuffle ?? true,
    seed: expectSeed(options.seed ?? known?.seed ?? modelSeed),
    callbacks: options.callbacks ?? [],
    verbose: resolveVerbosity(options.verbose ?? "auto"),
    ...(resumeFrom === undefined ? {} : { resumeFrom }),
  };
}

function firstEpoch({ initialEpoch, resumeFrom }: FitOptions): number {
  const epoch = resumeFrom?.fit?.epoch ?? 0;
  if (resumeFrom !== undefined && initialEpoch !== undefined && initialEpoch !== epoch) {
    throw new ArgumentError(
      `initialEpoch is ${initialEpoch}, but resumeFrom goes on in epoch ${epoch}; leave initialEpoch out, or call ` +
        "setTrainingState(state) and fit without resumeFrom to start an epoch anew",
    );
  }
  return initialEpoch ?? epoch;
}

/** Keras' split: the last `share` of the samples, from position floor(n * (1 - share)) on. */
function splitOff(
  samples: HostSamples,
  share: number,
  validation: HostSamples | undefined,
): { samples: HostSamples; validation?: HostSamples } {
  expectRange("validationSplit", share, 0, 1);
  if (validation !== undefined) {
    return { samples, validation };
  }
  if (share === 0) {
    return { samples };
  }
  const { rows } = samples;
  const splitAt = Math.floor(rows * (1 - share));
  if (splitAt === 0 || splitAt === rows) {
    throw new ArgumentError(
      `validationSplit ${share} of ${rows} samples leaves ${splitAt} to train on and ${rows - splitAt} to validate; ` +
        "both need at least one",
    );
  }
  return { samples: sliceSamples(samples, 0, splitAt), validation: sliceSamples(samples, splitAt, rows) };
}
