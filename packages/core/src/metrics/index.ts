import { type Classes, type CustomObjects, fromObjectConfig, type JsonValue } from "../config.js";
import { lookUp } from "../names.js";
import {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  topKCategoricalAccuracy,
} from "./accuracy.js";
import { auc } from "./auc.js";
import type { Metric } from "./metric.js";
import { meanAbsoluteError, meanSquaredError } from "./regression.js";
import { precision, recall } from "./thresholds.js";

export {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  type TopKOptions,
  topKCategoricalAccuracy,
} from "./accuracy.js";
export { type AucOptions, auc } from "./auc.js";
export { type ClassInput, type ConfusionMatrixOptions, confusionMatrix } from "./confusionMatrix.js";
export type { Metric, MetricContext } from "./metric.js";
export { meanAbsoluteError, meanSquaredError } from "./regression.js";
export { precision, recall, type ThresholdOptions } from "./thresholds.js";

/** Values of the option `metrics`. */
export type MetricName =
  | "accuracy"
  | "binaryAccuracy"
  | "categoricalAccuracy"
  | "sparseCategoricalAccuracy"
  | "topKCategoricalAccuracy"
  | "precision"
  | "recall"
  | "auc"
  | "meanSquaredError"
  | "meanAbsoluteError";

const named: { readonly [N in MetricName]: () => Metric } = {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  topKCategoricalAccuracy,
  precision,
  recall,
  auc,
  meanSquaredError,
  meanAbsoluteError,
};

/** The metric behind an option. Throws `ArgumentError` for an unknown name. */
export function resolveMetric(option: MetricName | Metric): Metric {
  return typeof option === "string" ? lookUp("metric", option, named)() : option;
}

const classes: Classes<Metric> = {
  Accuracy: accuracy,
  BinaryAccuracy: binaryAccuracy,
  CategoricalAccuracy: categoricalAccuracy,
  SparseCategoricalAccuracy: sparseCategoricalAccuracy,
  TopKCategoricalAccuracy: topKCategoricalAccuracy,
  Precision: precision,
  Recall: recall,
  AUC: auc,
  MeanSquaredError: meanSquaredError,
  MeanAbsoluteError: meanAbsoluteError,
};

/** A metric from its plain JSON. Throws `ArgumentError` for an unknown class. */
export function metricFromConfig(what: string, value: JsonValue, customObjects: CustomObjects): Metric {
  return fromObjectConfig(what, value, classes, customObjects);
}
