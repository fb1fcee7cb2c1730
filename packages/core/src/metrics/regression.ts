import type { Value } from "../ops/definition.js";
import { expectLabelPerOutput, type Metric, type MetricContext } from "./metric.js";

/** Mean of squared differences. Keras' `MeanSquaredError`. */
export function meanSquaredError(): Metric {
  return ofDifference("meanSquaredError", "MeanSquaredError", ({ graph, predictions, labels }) =>
    graph.apply("meanSquaredError", [predictions, labels], {}),
  );
}

/** Mean of absolute differences. Keras' `MeanAbsoluteError`. */
export function meanAbsoluteError(): Metric {
  return ofDifference("meanAbsoluteError", "MeanAbsoluteError", ({ graph, predictions, labels }) => {
    const negative = graph.apply("affine", [labels], { scale: -1, offset: 0 })[0]!;
    const difference = graph.apply("add", [predictions, negative], {})[0]!;
    return graph.apply("weightedMean", graph.apply("unary", [difference], { function: "abs", alpha: 0 }), {});
  });
}

function ofDifference(name: string, className: string, build: (context: MetricContext) => readonly Value[]): Metric {
  return {
    name,
    className,
    config: {},
    build(context) {
      expectLabelPerOutput(name, context.loss);
      return build(context)[0]!;
    },
  };
}
