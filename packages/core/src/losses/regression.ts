import type { Configured } from "../config.js";
import { ArgumentError } from "../errors.js";
import { lastAxis } from "../ops/checks.js";
import type { Value } from "../ops/definition.js";
import { affine, epsilon, type Loss, type LossContext, meanOf } from "./loss.js";

/** Mean of squared differences over the last axis. Keras' `MeanSquaredError`. */
export function meanSquaredError(): Loss {
  return {
    name: "meanSquaredError",
    className: "MeanSquaredError",
    config: {},
    labels: "targets",
    build({ graph, output, labels, weights }) {
      const inputs = [output, labels, ...(weights ? [weights] : [])];
      const [lossSum] = graph.apply("meanSquaredError", inputs, {});
      return { lossSum: lossSum!, predictions: output };
    },
  };
}

/** Mean of absolute differences over the last axis. Keras' `MeanAbsoluteError`. */
export function meanAbsoluteError(): Loss {
  return ofDifference("meanAbsoluteError", "abs", 0, { className: "MeanAbsoluteError", config: {} });
}

/** Settings of `huber`. */
export interface HuberOptions {
  /** Difference at which the square turns into a line, above 0; default 1. */
  readonly delta?: number;
}

/**
 * Of a difference d: d^2 / 2 up to `delta`, delta (|d| - delta / 2) beyond; mean over the last axis (Huber, 1964). Keras'
 * `Huber`. Throws `ArgumentError` for a delta that is not above 0.
 */
export function huber({ delta = 1 }: HuberOptions = {}): Loss {
  if (!(delta > 0 && delta < Infinity)) {
    throw new ArgumentError(`huber: delta is ${delta}, expected a number above 0`);
  }
  return ofDifference("huber", "huber", delta, { className: "Huber", config: { delta } });
}

/** A function of the differences, mean over the last axis. */
function ofDifference(name: string, of: "abs" | "huber", alpha: number, own: Configured): Loss {
  return {
    name,
    ...own,
    labels: "targets",
    build(context) {
      const { graph, output, labels } = context;
      const difference = graph.apply("add", [output, affine(graph, labels, -1, 0)], {})[0]!;
      const values = graph.apply("unary", [difference], { function: of, alpha })[0]!;
      return { lossSum: meanOf(context, values), predictions: output };
    },
  };
}

/**
 * Kullback-Leibler divergence of the output p [N,C] from label probabilities t [N,C]: sum over C of t ln(t / p), both kept
 * at least 1e-7. Keras' `KLDivergence`.
 */
export function klDivergence(): Loss {
  return {
    name: "klDivergence",
    className: "KLDivergence",
    config: {},
    labels: "categorical",
    build(context) {
      const { graph, output, labels } = context;
      const classes = lastAxis(output.shape);
      const scaledLog = (of: Value, scale: number): Value =>
        affine(graph, graph.apply("unary", [of], { function: "log", alpha: epsilon })[0]!, scale, 0);
      // The sum over C is C times the mean.
      const ratio = graph.apply("add", [scaledLog(labels, classes), scaledLog(output, -classes)], {})[0]!;
      const values = graph.apply("multiply", [atLeastEpsilon(context), ratio], {})[0]!;
      return { lossSum: meanOf(context, values), predictions: output };
    },
  };
}

function atLeastEpsilon({ graph, labels }: LossContext): Value {
  const above = graph.apply("unary", [affine(graph, labels, 1, -epsilon)], { function: "relu", alpha: 0 })[0]!;
  return affine(graph, above, 1, epsilon);
}
