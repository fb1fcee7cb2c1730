import type { JsonValue } from "@convoy/core";
import { isList, isObject, type JsonObject } from "../json.js";
import type { WrittenTraining } from "../keras/training/writeCompileSettings.js";

/** Losses and metrics that TensorFlow.js knows by these names. */
const losses: readonly string[] = [
  ...["binary_crossentropy", "categorical_crossentropy", "mean_absolute_error", "mean_squared_error"],
  "sparse_categorical_crossentropy",
];
const metrics: readonly string[] = [
  ...["accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"],
  ...["mean_absolute_error", "mean_squared_error"],
];

/** Options of Keras' optimizers that say nothing where they have these values. */
const idle: Readonly<Record<string, JsonValue>> = {
  weight_decay: null,
  clipnorm: null,
  global_clipnorm: null,
  clipvalue: null,
  use_ema: false,
  amsgrad: false,
};
type Numbers = Readonly<Record<string, JsonValue>>;

/** Optimizers of TensorFlow.js by Keras' class, and their options from Keras' own. */
const optimizers: Readonly<Record<string, (options: Numbers) => JsonObject>> = {
  SGD: ({ learning_rate: learningRate, momentum, nesterov: useNesterov }) =>
    momentum === 0
      ? { class_name: "SGD", config: { learningRate: learningRate! } }
      : {
          class_name: "Momentum",
          config: { learningRate: learningRate!, momentum: momentum!, useNesterov: useNesterov! },
        },
  Adam: ({ learning_rate: learningRate, beta_1: beta1, beta_2: beta2, epsilon }) => ({
    class_name: "Adam",
    config: { learningRate: learningRate!, beta1: beta1!, beta2: beta2!, epsilon: epsilon! },
  }),
  RMSprop: ({ learning_rate: learningRate, rho: decay, momentum, epsilon, centered }) => ({
    class_name: "RMSProp",
    config: {
      learningRate: learningRate!,
      decay: decay!,
      momentum: momentum!,
      epsilon: epsilon!,
      centered: centered!,
    },
  }),
};

/**
 * Settings as TensorFlow.js compiles a model by when it loads it; undefined where it does not have them all, as it refuses the whole
 * file then.
 */
export function tfjsTrainingConfig({
  optimizer,
  loss,
  loss_weights,
  metrics: judged,
}: WrittenTraining): JsonObject | undefined {
  const { class_name: className, config } = optimizer;
  const options = isObject(config) ? config : {};
  const make =
    typeof className === "string" && Object.hasOwn(optimizers, className) ? optimizers[className] : undefined;
  const isUnsaid = Object.entries(idle).every(
    ([option, value]) => options[option] === undefined || options[option] === value,
  );
  const names = judged === null ? [] : [judged].flat(2);
  const known = [loss].flat().every((name) => losses.includes(name as string));
  if (make === undefined || !isUnsaid || typeof options.learning_rate !== "number" || loss_weights !== null || !known) {
    return undefined;
  }
  // A plain list is meant for every output.
  const several = isList(judged) && judged.some(isList);
  if (several || !names.every((name) => metrics.includes(name as string))) {
    return undefined;
  }
  return { optimizer_config: make(options), loss, metrics: names as readonly JsonValue[] };
}

/** Classes and options of TensorFlow.js' optimizers as Keras 3 has them. */
const kerasNames: Readonly<Record<string, string>> = {
  learningRate: "learning_rate",
  beta1: "beta_1",
  beta2: "beta_2",
  useNesterov: "nesterov",
  initialAccumulatorValue: "initial_accumulator_value",
};

/** What TensorFlow.js has written of training, as Keras says it. */
export function fromTfjsTraining(value: JsonValue | undefined): JsonValue | undefined {
  if (!isObject(value) || !isObject(value.optimizer_config) || !isObject(value.optimizer_config.config)) {
    return value;
  }
  const { class_name: className, config } = value.optimizer_config;
  // What Keras calls rho.
  const renamed = Object.entries(config as JsonObject).map(([option, setting]) => [
    className === "RMSProp" && option === "decay" ? "rho" : (kerasNames[option] ?? option),
    setting,
  ]);
  return {
    ...value,
    optimizer_config: {
      class_name: className === "Momentum" ? "SGD" : className!,
      config: Object.fromEntries(renamed),
    },
  };
}
