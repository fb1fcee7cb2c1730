import { expectCount } from "../checkOption.js";
import type { Loss } from "../losses/index.js";
import { lookUp } from "../names.js";
import { lastAxis } from "../ops/checks.js";
import type { Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";

/** What a metric gets to append its ops to a graph. */
export interface MetricContext {
  readonly graph: Graph;
  /** [N,...,C] */
  readonly predictions: Value;
  /** As the loss takes them. */
  readonly labels: Value;
  readonly loss: Loss;
}

/** A metric: a mean over rows, computed on the device. */
export interface Metric {
  /** Its key in histories and logs. */
  readonly name: string;
  /** Appends its ops and returns the sum over rows, [1]. */
  build(context: MetricContext): Value;
}

/** Values of the option `metrics`. */
export type MetricName = "accuracy" | "topKCategoricalAccuracy";

/**
 * Share of right predictions, of the kind that fits the loss, as Keras chooses: position of the largest number against class
 * numbers or one-hot labels; against 0.5 for binary cross-entropy or a single output.
 */
export function accuracy(): Metric {
  return {
    name: "accuracy",
    build({ graph, predictions, labels, loss }) {
      const single = lastAxis(predictions.shape) === 1;
      const kind = loss.labels === "sparse" ? "sparse" : single || loss.binary ? "binary" : "categorical";
      return graph.apply("accuracy", [predictions, labels], { labels: kind })[0]!;
    },
  };
}

/** Settings of `topKCategoricalAccuracy`. */
export interface TopKOptions {
  /** Default 5. */
  readonly k?: number;
}

/** Share of rows whose label is among the `k` largest predictions; for one-hot labels and class numbers alike. */
export function topKCategoricalAccuracy({ k = 5 }: TopKOptions = {}): Metric {
  expectCount("topKCategoricalAccuracy: k", k);
  return {
    name: "topKCategoricalAccuracy",
    build({ graph, predictions, labels, loss }) {
      const kind = loss.labels === "sparse" ? "sparse" : "categorical";
      return graph.apply("topKAccuracy", [predictions, labels], { labels: kind, k })[0]!;
    },
  };
}

const named: { readonly [N in MetricName]: () => Metric } = { accuracy, topKCategoricalAccuracy };

/** The metric behind an option. Throws `ArgumentError` for an unknown name. */
export function resolveMetric(option: MetricName | Metric): Metric {
  return typeof option === "string" ? lookUp("metric", option, named)() : option;
}
