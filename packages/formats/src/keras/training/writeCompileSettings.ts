import { ArgumentError, type CompileConfig, DeviceError, type JsonValue, type Model, type Tensor } from "@convoy/core";
import type { JsonObject } from "../../json.js";
import type { Dialect } from "../topology/dialect.js";
import { NoCounterpart } from "./noCounterpart.js";
import { type OptimizerVariable, optimizerVariables } from "./optimizerVariables.js";
import { writeLoss, writeMetric } from "./writeLosses.js";
import { writeOptimizer } from "./writeOptimizer.js";

/** What of a model's training goes into a file. */
export interface WriteTrainingOptions {
  /**
   * Whether optimizer, loss and metrics of a compiled model are written, and in `.keras` what the optimizer keeps; default true.
   * Keras' `include_optimizer`.
   */
  readonly includeOptimizer?: boolean;
  /** What is told of settings that the format has no word for and that are left out; default `console.warn`. */
  readonly warn?: (message: string) => void;
}

/** How a model is trained, as Keras writes it. */
export interface WrittenTraining {
  readonly optimizer: JsonObject;
  readonly loss: JsonValue;
  readonly loss_weights: JsonValue;
  readonly metrics: JsonValue;
}

/** How a model is trained, with what the optimizer keeps where it was asked for. */
export interface TrainingParts {
  readonly settings: WrittenTraining;
  readonly variables: readonly OptimizerVariable[] | undefined;
  /** The weights of the same moment, in the model's order: training may go on meanwhile. */
  readonly weights: readonly Tensor<Float32Array>[] | undefined;
}

/**
 * How a model is trained; undefined where it was compiled for prediction alone or not at all. Where a program has no optimizer or
 * loss like the model's, nothing is written of its training, and where it has no such metric, no metrics: that is told.
 */
export async function trainingOf(
  model: Model,
  dialect: Dialect,
  { includeOptimizer = true, warn = console.warn }: WriteTrainingOptions,
  withVariables: boolean,
): Promise<TrainingParts | undefined> {
  if (!includeOptimizer) {
    return undefined;
  }
  const attempt = <T>(what: string, write: () => T): T | undefined => {
    try {
      return write();
    } catch (error) {
      if (!(error instanceof NoCounterpart || error instanceof ArgumentError)) {
        throw error;
      }
      const reason = error instanceof NoCounterpart ? `${dialect.name} has no ${error.message}` : error.message;
      warn(`${what} left out of the file: ${reason}`);
      return undefined;
    }
  };
  const config = attempt("how the model is trained is", () => model.getCompileConfig());
  if (config === undefined || config.outputs.every(({ loss }) => loss === undefined)) {
    return undefined;
  }
  const state = await stateOf(model, warn);
  const rate = state?.optimizer.learningRate;
  const optimizer =
    rate === undefined
      ? config.optimizer
      : { ...config.optimizer, config: { ...config.optimizer.config, learningRate: rate } };
  const settings = attempt("how the model is trained is", () => ({
    optimizer: writeOptimizer(optimizer, dialect),
    ...writeLosses(config, dialect),
  }));
  if (settings === undefined) {
    return undefined;
  }
  const metrics = attempt("metrics are", () => writeMetrics(config, dialect)) ?? null;
  return {
    settings: { ...settings, metrics },
    variables: withVariables && state !== undefined ? optimizerVariables(config, state) : undefined,
    weights: state === undefined ? undefined : Object.values(state.weights),
  };
}

/** What the optimizer keeps; undefined where the device has failed and with it that is lost. */
async function stateOf(
  model: Model,
  warn: (message: string) => void,
): Promise<Awaited<ReturnType<Model["getTrainingState"]>> | undefined> {
  try {
    return await model.getTrainingState();
  } catch (error) {
    if (!(error instanceof DeviceError)) {
      throw error;
    }
    warn(`what the optimizer keeps is left out of the file: ${error.message}`);
    return undefined;
  }
}

function writeLosses({ outputs }: CompileConfig, dialect: Dialect): Pick<WrittenTraining, "loss" | "loss_weights"> {
  const losses = outputs.map(({ loss }) => writeLoss(loss!, dialect));
  const weights = outputs.map(({ lossWeight }) => lossWeight);
  return {
    loss: losses.length === 1 ? losses[0]! : losses,
    loss_weights: weights.every((weight) => weight === 1) ? null : weights.length === 1 ? weights[0]! : weights,
  };
}

function writeMetrics({ outputs }: CompileConfig, dialect: Dialect): JsonValue {
  const metrics = outputs.map((output) => output.metrics.map((metric) => writeMetric(metric, output.loss, dialect)));
  return metrics.every(({ length }) => length === 0) ? null : metrics.length === 1 ? metrics[0]! : metrics;
}

/** Settings as files of Keras 2 have them. */
export function trainingConfig({ optimizer, ...others }: WrittenTraining): JsonObject {
  return { ...others, weighted_metrics: null, optimizer_config: optimizer };
}

/** JSON in which rates are floats also where they are whole: Keras tells 1 from 1.0. */
export function kerasJson(value: JsonValue): string {
  return JSON.stringify(value)
    .replaceAll(/"((?:initial_|end_)?learning_rate|warmup_target)":(\d+)(?=[,}])/g, '"$1":$2.0')
    .replaceAll(/"values":\[[^[\]"{}]*\]/g, (list) => list.replaceAll(/(?<=[[,])\d+(?=[,\]])/g, "$&.0"));
}
