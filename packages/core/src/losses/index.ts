import { lookUp } from "../names.js";
import type { Value } from "../ops/definition.js";
import type { LabelKind } from "../ops/lossShapes.js";
import type { Graph } from "../plan/index.js";

/** What a loss gets to append its ops to a graph. */
export interface LossContext {
  readonly graph: Graph;
  /** The model's output [N,...,C]. */
  readonly output: Value;
  /** int32 [N,...] for sparse labels, float32 [N,...,C] otherwise. */
  readonly labels: Value;
  /** float32 [N,...]; absent when every sample weighs 1. */
  readonly weights?: Value;
}

/** What a loss gives. */
export interface LossResult {
  /** Weighted sum of the rows' losses, [1]. */
  readonly lossSum: Value;
  /** What metrics compare with the labels, [N,...,C]. */
  readonly predictions: Value;
}

/** A loss: which labels it takes, and its ops. */
export interface Loss {
  readonly name: string;
  /** Class numbers, one number a class, or any numbers of the output's shape. */
  readonly labels: LabelKind | "targets";
  /** Appends the ops of the loss to a graph. */
  build(context: LossContext): LossResult;
}

/** Values of the option `loss`. */
export type LossName =
  | "sparseCategoricalCrossentropy"
  | "categoricalCrossentropy"
  | "binaryCrossentropy"
  | "meanSquaredError";

/** Settings of the cross-entropies. */
export interface CrossentropyOptions {
  /** Whether the model's output is logits instead of probabilities; default false. */
  readonly fromLogits?: boolean;
}

/** Probabilities are kept this far from 0 and 1 before their logarithm is taken (Keras' epsilon). */
const epsilon = 1e-7;

/**
 * The logits behind an output: the output itself, the input of the activation that made it, or, when the model ends in
 * something else, `fallback` of the probabilities. The first two keep the loss finite where probabilities round to 0.
 */
function logitsOf(
  { graph, output }: LossContext,
  fromLogits: boolean,
  activation: { readonly op: "softmax" } | { readonly op: "unary"; readonly function: "sigmoid" },
  fallback: "log" | "logit",
): Value {
  if (fromLogits) {
    return output;
  }
  const producer = graph.producer(output);
  const same = activation.op === "softmax" || producer?.attributes.function === activation.function;
  if (producer?.op === activation.op && same) {
    return producer.inputs[0]!;
  }
  return graph.apply("unary", [output], { function: fallback, alpha: epsilon })[0]!;
}

function softmaxLoss(name: string, labelKind: LabelKind, { fromLogits = false }: CrossentropyOptions): Loss {
  return {
    name,
    labels: labelKind,
    build(context) {
      const { graph, labels, weights } = context;
      const logits = logitsOf(context, fromLogits, { op: "softmax" }, "log");
      const inputs = [logits, labels, ...(weights ? [weights] : [])];
      const [lossSum, predictions] = graph.apply("softmaxCrossEntropy", inputs, { labels: labelKind });
      return { lossSum: lossSum!, predictions: predictions! };
    },
  };
}

/**
 * Cross-entropy for labels that are class numbers [N]. Keras' `SparseCategoricalCrossentropy`; computed from the logits when
 * the model ends in softmax.
 */
export function sparseCategoricalCrossentropy(options: CrossentropyOptions = {}): Loss {
  return softmaxLoss("sparseCategoricalCrossentropy", "sparse", options);
}

/** Cross-entropy for one-hot labels or class probabilities [N,C]. Keras' `CategoricalCrossentropy`; from the logits likewise. */
export function categoricalCrossentropy(options: CrossentropyOptions = {}): Loss {
  return softmaxLoss("categoricalCrossentropy", "categorical", options);
}

/** Cross-entropy of independent yes-or-no outputs [N,C], mean over C. Keras' `BinaryCrossentropy`; from the logits likewise. */
export function binaryCrossentropy({ fromLogits = false }: CrossentropyOptions = {}): Loss {
  return {
    name: "binaryCrossentropy",
    labels: "targets",
    build(context) {
      const { graph, labels, weights } = context;
      const logits = logitsOf(context, fromLogits, { op: "unary", function: "sigmoid" }, "logit");
      const inputs = [logits, labels, ...(weights ? [weights] : [])];
      const [lossSum, predictions] = graph.apply("sigmoidCrossEntropy", inputs, {});
      return { lossSum: lossSum!, predictions: predictions! };
    },
  };
}

/** Mean of squared differences over the last axis. Keras' `MeanSquaredError`. */
export function meanSquaredError(): Loss {
  return {
    name: "meanSquaredError",
    labels: "targets",
    build({ graph, output, labels, weights }) {
      const inputs = [output, labels, ...(weights ? [weights] : [])];
      const [lossSum] = graph.apply("meanSquaredError", inputs, {});
      return { lossSum: lossSum!, predictions: output };
    },
  };
}

const named: { readonly [N in LossName]: () => Loss } = {
  sparseCategoricalCrossentropy,
  categoricalCrossentropy,
  binaryCrossentropy,
  meanSquaredError,
};

/** The loss behind an option. Throws `ArgumentError` for an unknown name. */
export function resolveLoss(option: LossName | Loss): Loss {
  return typeof option === "string" ? lookUp("loss", option, named)() : option;
}
