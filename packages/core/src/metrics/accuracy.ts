import { expectCount } from "../checkOption.js";
import { ArgumentError } from "../errors.js";
import { lastAxis } from "../ops/checks.js";
import { expectLabelPerOutput, type Metric } from "./metric.js";
import { above, expectThreshold, stepHeight, type ThresholdOptions } from "./thresholds.js";

/**
 * Share of right predictions, of the kind that fits the loss, as Keras chooses: position of the largest number against class
 * numbers or one-hot labels; against 0.5 for binary losses or a single output.
 */
export function accuracy(): Metric {
  return {
    name: "accuracy",
    className: "Accuracy",
    config: {},
    build({ graph, predictions, labels, loss }) {
      const single = lastAxis(predictions.shape) === 1;
      const kind = loss.labels === "sparse" ? "sparse" : single || loss.binary ? "binary" : "categorical";
      return graph.apply("accuracy", [predictions, labels], { labels: kind })[0]!;
    },
  };
}

/**
 * Share of outputs on the label's side of a threshold, mean over the last axis. Keras' `BinaryAccuracy`. Labels are 0 or 1.
 * Throws `ArgumentError` for a threshold outside [0, 1].
 */
export function binaryAccuracy({ name = "binaryAccuracy", threshold = 0.5 }: ThresholdOptions = {}): Metric {
  expectThreshold("binaryAccuracy", threshold);
  return {
    name,
    className: "BinaryAccuracy",
    config: { name, threshold },
    build({ graph, predictions, labels, loss }) {
      expectLabelPerOutput(name, loss);
      if (threshold === 0.5) {
        return graph.apply("accuracy", [predictions, labels], { labels: "binary" })[0]!;
      }
      const step = above(graph, predictions, threshold);
      const one = graph.apply("affine", [step], { scale: 1 / stepHeight, offset: 0 })[0]!;
      const label = graph.apply("affine", [labels], { scale: -1, offset: 0 })[0]!;
      const difference = graph.apply("add", [one, label], {})[0]!;
      const wrong = graph.apply("unary", [difference], { function: "abs", alpha: 0 })[0]!;
      const right = graph.apply("affine", [wrong], { scale: -1, offset: 1 })[0]!;
      return graph.apply("weightedMean", [right], {})[0]!;
    },
  };
}

/** Share of rows whose largest output is where the one-hot label has its 1. Keras' `CategoricalAccuracy`. */
export function categoricalAccuracy(): Metric {
  return {
    name: "categoricalAccuracy",
    className: "CategoricalAccuracy",
    config: {},
    build({ graph, predictions, labels, loss }) {
      expectLabelPerOutput("categoricalAccuracy", loss);
      return graph.apply("accuracy", [predictions, labels], { labels: "categorical" })[0]!;
    },
  };
}

/** Share of rows whose largest output is that of the label, a class number. Keras' `SparseCategoricalAccuracy`. */
export function sparseCategoricalAccuracy(): Metric {
  return {
    name: "sparseCategoricalAccuracy",
    className: "SparseCategoricalAccuracy",
    config: {},
    build({ graph, predictions, labels, loss }) {
      if (loss.labels !== "sparse") {
        throw new ArgumentError(
          `metric "sparseCategoricalAccuracy" needs class numbers, but loss "${loss.name}" takes a label for each output; ` +
            "use categoricalAccuracy",
        );
      }
      return graph.apply("accuracy", [predictions, labels], { labels: "sparse" })[0]!;
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
    className: "TopKCategoricalAccuracy",
    config: { k },
    build({ graph, predictions, labels, loss }) {
      const kind = loss.labels === "sparse" ? "sparse" : "categorical";
      return graph.apply("topKAccuracy", [predictions, labels], { labels: kind, k })[0]!;
    },
  };
}
