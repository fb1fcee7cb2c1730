import { ArgumentError } from "../errors.js";
import type { Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";
import { expectLabelPerOutput, type Metric, type MetricContext, ratio } from "./metric.js";

/** Settings of `precision` and `recall`. */
export interface ThresholdOptions {
  /** Key in histories and logs; default: the metric's name. */
  readonly name?: string;
  /** A prediction above it is a yes; from 0 to 1, default 0.5. */
  readonly threshold?: number;
}

/** Throws `ArgumentError` unless the threshold is from 0 to 1. */
export function expectThreshold(name: string, threshold: number): void {
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new ArgumentError(`${name}: threshold is ${threshold}, expected a number from 0 to 1`);
  }
}

/** What `above` gives for a yes. */
export const stepHeight = 6;

/**
 * `stepHeight` where a value is above the threshold, else 0, without an op of its own: the difference to the threshold, blown
 * up by a power of two (which is exact) until the smallest one that float32 has is cut off at 6.
 */
export function above(graph: Graph, values: Value, threshold: number): Value {
  const bound = Math.fround(threshold);
  // Next to the bound float32 numbers are 2^(e - 23) apart.
  const exponent = bound === 0 ? 100 : Math.min(100, 26 - Math.floor(Math.log2(bound)));
  const scale = 2 ** exponent;
  const difference = graph.apply("affine", [values], { scale, offset: -bound * scale })[0]!;
  return graph.apply("unary", [difference], { function: "relu6", alpha: 0 })[0]!;
}

/** Right yeses in units of `stepHeight`, and the yeses themselves. */
function yeses(name: string, { graph, predictions, labels, loss }: MetricContext, threshold: number): [Value, Value] {
  expectLabelPerOutput(name, loss);
  const steps = above(graph, predictions, threshold);
  const right = graph.apply("multiply", [steps, labels], {})[0]!;
  return [graph.apply("weightedMean", [right], {})[0]!, steps];
}

/**
 * Share of the predictions above the threshold whose label is 1, over all outputs of all rows; 0 where there is none. Keras'
 * `Precision`. Labels are 0 or 1. Throws `ArgumentError` for a threshold outside [0, 1].
 */
export function precision({ name = "precision", threshold = 0.5 }: ThresholdOptions = {}): Metric {
  expectThreshold("precision", threshold);
  return {
    name,
    className: "Precision",
    config: { name, threshold },
    sums: ["truePositives", "predictedPositives"],
    build(context) {
      const [right, steps] = yeses(name, context, threshold);
      return [right, context.graph.apply("weightedMean", [steps], {})[0]!];
    },
    finish: ([truePositives, predictedPositives]) => ratio(truePositives!, predictedPositives!),
  };
}

/**
 * Share of the labels 1 whose prediction is above the threshold, over all outputs of all rows; 0 where there is none. Keras'
 * `Recall`. Labels are 0 or 1. Throws `ArgumentError` for a threshold outside [0, 1].
 */
export function recall({ name = "recall", threshold = 0.5 }: ThresholdOptions = {}): Metric {
  expectThreshold("recall", threshold);
  return {
    name,
    className: "Recall",
    config: { name, threshold },
    sums: ["truePositives", "positives"],
    build(context) {
      const [right] = yeses(name, context, threshold);
      return [right, context.graph.apply("weightedMean", [context.labels], {})[0]!];
    },
    finish: ([truePositives, positives]) => ratio(truePositives! / stepHeight, positives!),
  };
}
