import type { Backend } from "../backend/index.js";
import type { Callback, TrainingState, Verbosity } from "../callbacks/index.js";
import { ArgumentError } from "../errors.js";
import type { Loss, LossName } from "../losses/index.js";
import type { Metric, MetricName } from "../metrics/index.js";
import type { Optimizer, OptimizerName } from "../optimizers/index.js";
import type { Dataset } from "../pipeline/index.js";
import type { ClassWeight } from "./data/checkData.js";
import type { ModelData } from "./data/modelSamples.js";
import type { ModelMode } from "./declare/buildPlan.js";
import type { PerOutput } from "./declare/perPort.js";

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
  /**
   * Samples, labels and, if wanted, sample weights for validation, or a data set of batches of these; comes before
   * `validationSplit`.
   */
  readonly validationData?:
    | readonly [ModelData, ModelData]
    | readonly [ModelData, ModelData, ModelData]
    | Dataset<unknown>;
  /** Batches of a validation data set to take; default: all. */
  readonly validationSteps?: number;
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
  /**
   * Steps of an epoch; default: all of them. Needed for an endless data set. Where a data set is endless or does not know its
   * size, an epoch goes on where the last one ended, beginning anew when the data end; otherwise every epoch is a pass of its own.
   */
  readonly stepsPerEpoch?: number;
  /** Epoch at which training starts; default 0. */
  readonly initialEpoch?: number;
  /**
   * State that training goes on from, as if it had never stopped: to the same bits, also from the middle of an epoch, given the
   * same data and callbacks. The history has the epochs from there on. `batchSize`, `stepsPerEpoch`, `shuffle` and `seed` are those of the state where they are left out.
   * Throws `ArgumentError` or `ShapeError` where data, options, model or optimizer are others than the state's.
   */
  readonly resumeFrom?: TrainingState;
  /**
   * Bytes that a data set over arrays may have to be put on the device whole, once; default: half of what the device has left, 2^29 where
   * it does not tell. Larger ones, and all others, stream: a few batches are on the device at a time. The weights are the same.
   */
  readonly maxDeviceBytes?: number;
}

/** The options of `fit`. */
export const fitOptionNames: readonly (keyof FitOptions)[] = [
  ...(["batchSize", "epochs", "validationSplit", "validationData", "shuffle", "seed", "callbacks", "verbose"] as const),
  ...(["classWeight", "sampleWeight", "stepsPerEpoch", "initialEpoch", "resumeFrom"] as const),
  ...(["validationSteps", "maxDeviceBytes"] as const),
];

/** Settings of `evaluate`. */
export interface EvaluateOptions {
  /** Samples per step; does not change the result. Default 256. */
  readonly batchSize?: number;
  /** As in `fit`. */
  readonly verbose?: Verbosity | "auto";
  /** One weight per sample [N]. */
  readonly sampleWeight?: ModelData;
  /** Batches of a data set to take; default: all. */
  readonly steps?: number;
}

/** The options of `evaluate`. */
export const evaluateOptionNames: readonly (keyof EvaluateOptions)[] = [
  "batchSize",
  "verbose",
  "sampleWeight",
  "steps",
];

/** Settings of `predict`. */
export interface PredictOptions {
  /** Samples per step; does not change the result. Default 256. */
  readonly batchSize?: number;
  /** Default 0. */
  readonly verbose?: Verbosity | "auto";
  /** Batches of a data set to take; default: all. */
  readonly steps?: number;
}

/** The options of `predict`. */
export const predictOptionNames: readonly (keyof PredictOptions)[] = ["batchSize", "verbose", "steps"];

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

/** 0, 1 or 2 from a verbosity option. */
export function resolveVerbosity(verbose: Verbosity | "auto"): Verbosity {
  if (verbose !== "auto" && ![0, 1, 2].includes(verbose)) {
    throw new ArgumentError(`verbose is ${verbose}, expected 0, 1, 2 or "auto"`);
  }
  return verbose === "auto" ? 1 : verbose;
}
