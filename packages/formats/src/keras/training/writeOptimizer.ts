import type { Config, JsonValue, ObjectConfig } from "@convoy/core";
import type { JsonObject } from "../../json.js";
import { optionSnakeCase } from "../names.js";
import type { Dialect } from "../topology/dialect.js";
import { NoCounterpart } from "./noCounterpart.js";
import { writeRate } from "./writeSchedule.js";

/** Keras' names of options that are not what snake_case makes of them. */
const optionNames: Readonly<Record<string, string>> = {
  beta1: "beta_1",
  beta2: "beta_2",
  clipNorm: "clipnorm",
  globalClipNorm: "global_clipnorm",
  clipValue: "clipvalue",
};

/** Keras' optimizers. */
const known = ["SGD", "RMSprop", "Adam", "AdamW", "Nadam", "Adagrad", "Lion"];

/** What Keras writes of averages where nothing else was said. */
const averageOptions = { ema_momentum: 0.99, ema_overwrite_frequency: null };

/** What Keras 3 writes of every optimizer where nothing else was said. */
const common = { weight_decay: null, clipnorm: null, global_clipnorm: null, clipvalue: null, ...averageOptions };

/** Options that came with Keras 3. */
const newer = { loss_scale_factor: null, gradient_accumulation_steps: null };

/**
 * An optimizer as Keras writes it: { class_name, config }. For Keras 2 what says nothing is left out, as each version refuses options
 * that only others have. Throws `NoCounterpart` for what it does not have.
 */
export function writeOptimizer({ className, config }: ObjectConfig, dialect: Dialect): JsonObject {
  if (!known.includes(className)) {
    throw new NoCounterpart(`optimizer ${className}`);
  }
  if (dialect.major === 2 && config.gradientAccumulationSteps !== undefined) {
    throw new NoCounterpart("gradientAccumulationSteps");
  }
  const { weight_decay: decay, use_ema: averages, ...own } = written(config);
  const options = {
    name: className.toLowerCase(),
    // Those of averages have other defaults from version to version.
    ...(dialect.major === 3 ? { ...common, ...newer } : averages === true ? averageOptions : {}),
    ...own,
    ...(averages === true || dialect.major === 3 ? { use_ema: averages === true } : {}),
    // To AdamW 0 is a number like others.
    ...(decay !== 0 || className === "AdamW" ? { weight_decay: decay! } : {}),
  };
  const whole = { class_name: className, config: options };
  return dialect.major === 3 ? { module: "keras.optimizers", ...whole, registered_name: null } : whole;
}

function written({ learningRate, ...options }: Config): { readonly [option: string]: JsonValue } {
  const others = Object.entries(options).map(([option, value]) => [
    optionNames[option] ?? optionSnakeCase(option),
    value,
  ]);
  return { learning_rate: writeRate(learningRate!), ...Object.fromEntries(others) };
}
