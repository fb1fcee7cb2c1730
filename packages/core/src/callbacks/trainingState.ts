import type { Config } from "../config.js";
import type { PlainData } from "../saving/plainData.js";
import type { Tensor, TensorData } from "../tensor.js";

/** All that training depends on, as plain data that is no one else's: what is trained on from it gets the same bits. */
export interface TrainingState {
  /** By path, such as "conv2d_1/kernel", in the model's order; what no optimizer touches, such as a moving mean, as well. */
  readonly weights: Readonly<Record<string, Tensor<Float32Array>>>;
  readonly optimizer: OptimizerState;
  /** How far `fit` has come; absent where it has not run since `compile`. */
  readonly fit?: FitState;
}

/** An optimizer in the middle of its work. */
export interface OptimizerState {
  /** Such as "adam". */
  readonly name: string;
  /** The options that made it, schedules too; absent for one that does not say. */
  readonly config?: Config;
  /** Steps that it has made: the position in schedules and bias corrections, and in a sum of gradients. */
  readonly iteration: number;
  /** The learning rate that a callback has set; absent where that of `compile` counts. */
  readonly learningRate?: number;
  /**
   * What it keeps for each trained weight, by name and the weight's path: "momentum", "velocity", ..., and in every optimizer
   * that has them the "average" of the weights and the "gradientAccumulator".
   */
  readonly slots: Readonly<Record<string, Readonly<Record<string, Float32Array>>>>;
}

/** Where `fit` stands, and what makes the same steps come next. */
export interface FitState {
  /** The epoch that is trained or comes next, counted from 0. */
  readonly epoch: number;
  /** Steps of it that are done. */
  readonly step: number;
  /** Whether callbacks have been told that it begins. */
  readonly begun: boolean;
  /** 0 in the first epoch over a data set of which it is not known. */
  readonly stepsPerEpoch: number;
  /** 0 for a data set that does not make its batches by `batch`. */
  readonly batchSize: number;
  /** Samples that are trained on, without those for validation; 0 for a data set. */
  readonly samples: number;
  /** Of the order of samples and of dropout and noise. */
  readonly seed: number;
  readonly shuffle: boolean;
  /** Of an epoch that has begun: what the loss and metrics of its steps add up to. */
  readonly sums?: EpochSums;
  /** What callbacks keep, by their `name` and, of several of one name, their number. */
  readonly callbacks: Readonly<Record<string, PlainData>>;
}

/** Losses and metrics added up over the steps of an epoch. */
export interface EpochSums {
  readonly samples: number;
  /** In the order in which steps report them. */
  readonly totals: readonly number[];
  /** What metrics such as `auc` have counted on the device, by the metric's number among those of all outputs. */
  readonly counts: Readonly<Record<string, TensorData>>;
}
