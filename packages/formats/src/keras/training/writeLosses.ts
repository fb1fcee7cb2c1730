import type { Config, JsonValue, ObjectConfig } from "@convoy/core";
import { optionSnakeCase } from "../names.js";
import type { Dialect } from "../topology/dialect.js";
import { NoCounterpart } from "./noCounterpart.js";

/** Functions of Keras' losses, and the options with which an object of the class computes the same. */
const losses: Readonly<Record<string, readonly [name: string, defaults: Config]>> = {
  SparseCategoricalCrossentropy: ["sparse_categorical_crossentropy", { fromLogits: false }],
  CategoricalCrossentropy: ["categorical_crossentropy", { fromLogits: false, labelSmoothing: 0 }],
  BinaryCrossentropy: ["binary_crossentropy", { fromLogits: false, labelSmoothing: 0 }],
  CategoricalFocalCrossentropy: [
    "categorical_focal_crossentropy",
    { alpha: 0.25, gamma: 2, fromLogits: false, labelSmoothing: 0 },
  ],
  BinaryFocalCrossentropy: [
    "binary_focal_crossentropy",
    { applyClassBalancing: false, alpha: 0.25, gamma: 2, fromLogits: false, labelSmoothing: 0 },
  ],
  MeanSquaredError: ["mean_squared_error", {}],
  MeanAbsoluteError: ["mean_absolute_error", {}],
  Huber: ["huber", { delta: 1 }],
  KLDivergence: ["kl_divergence", {}],
};

/** Losses with an axis of classes. */
const withAxis = /^(Categorical|Binary)/;

/** A loss as Keras writes it: the name of its function, or where options are other than its own an object. Throws `NoCounterpart`. */
export function writeLoss({ className, config }: ObjectConfig, dialect: Dialect): JsonValue {
  if (!Object.hasOwn(losses, className)) {
    throw new NoCounterpart(`loss ${className}`);
  }
  const [name, defaults] = losses[className]!;
  if (isSame(config, defaults)) {
    return name;
  }
  const axis = withAxis.test(className) ? { axis: -1 } : {};
  return made("losses", className, { name, reduction: "sum_over_batch_size", ...snake(config), ...axis }, dialect);
}

/** Functions of Keras' metrics, likewise. */
const metrics: Readonly<Record<string, readonly [name: string, defaults: Config]>> = {
  Accuracy: ["accuracy", {}],
  BinaryAccuracy: ["binary_accuracy", { name: "binaryAccuracy", threshold: 0.5 }],
  CategoricalAccuracy: ["categorical_accuracy", {}],
  SparseCategoricalAccuracy: ["sparse_categorical_accuracy", {}],
  MeanSquaredError: ["mean_squared_error", {}],
  MeanAbsoluteError: ["mean_absolute_error", {}],
};

/** A metric, like `writeLoss`. @param loss of the output, which says which kind of labels there are */
export function writeMetric(
  { className, config }: ObjectConfig,
  loss: ObjectConfig | undefined,
  dialect: Dialect,
): JsonValue {
  if (Object.hasOwn(metrics, className) && isSame(config, metrics[className]![1])) {
    return metrics[className]![0];
  }
  const { name, ...options } = config;
  const common = { name: name === "binaryAccuracy" ? "binary_accuracy" : name!, dtype: "float32" };
  switch (className) {
    case "BinaryAccuracy":
      return made("metrics", className, { ...common, ...options }, dialect);
    case "TopKCategoricalAccuracy": {
      const sparse = loss?.className.startsWith("Sparse") === true;
      const top = { name: `${sparse ? "sparse_" : ""}top_k_categorical_accuracy`, dtype: "float32", ...options };
      return made("metrics", sparse ? `Sparse${className}` : className, top, dialect);
    }
    case "Precision":
    case "Recall":
      return made(
        "metrics",
        className,
        { ...common, thresholds: options.threshold!, top_k: null, class_id: null },
        dialect,
      );
    case "AUC": {
      const given = { ...snake(options), summation_method: "interpolation", multi_label: false };
      return made("metrics", className, { ...common, ...given, num_labels: null, from_logits: false }, dialect);
    }
    default:
      throw new NoCounterpart(`metric ${className}`);
  }
}

function isSame(config: Config, defaults: Config): boolean {
  return Object.entries(config).every(([option, value]) => defaults[option] === value);
}

function snake(config: Config): Config {
  return Object.fromEntries(Object.entries(config).map(([option, value]) => [optionSnakeCase(option), value]));
}

function made(module: string, className: string, config: Config, dialect: Dialect): JsonValue {
  const own = { class_name: className, config };
  return dialect.major === 3 ? { module: `keras.${module}`, ...own, registered_name: null } : own;
}
