import type { Configured } from "../config.js";
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

/** A loss: which labels it takes, and its ops. With `className` and `config` compiled models that use it can be saved. */
export interface Loss extends Configured {
  readonly name: string;
  /** Class numbers, one number a class, or any numbers of the output's shape. */
  readonly labels: LabelKind | "targets";
  /**
   * Whether each output is a yes-or-no of its own, with a label from 0 to 1: then accuracy compares each with 0.5. Default
   * false.
   */
  readonly binary?: boolean;
  /** Appends the ops of the loss to a graph. */
  build(context: LossContext): LossResult;
}

/** Probabilities are kept this far from 0 and 1 before their logarithm is taken (Keras' epsilon). */
export const epsilon = 1e-7;

/** An activation that turns logits into probabilities, and the function that undoes it. */
interface ProbabilityActivation {
  readonly op: "softmax" | "unary";
  readonly function?: "sigmoid";
  readonly inverse: "log" | "logit";
}

export const softmaxActivation: ProbabilityActivation = { op: "softmax", inverse: "log" };
export const sigmoidActivation: ProbabilityActivation = { op: "unary", function: "sigmoid", inverse: "logit" };

/** The logits where `value` is what the activation made of them. */
export function logitsBehind(graph: Graph, value: Value, activation: ProbabilityActivation): Value | undefined {
  const producer = graph.producer(value);
  const same = activation.function === undefined || producer?.attributes.function === activation.function;
  return producer?.op === activation.op && same ? producer.inputs[0] : undefined;
}

/**
 * The logits behind an output: the output itself, the input of the activation that made it, or, when the model ends in
 * something else, the inverse function of the probabilities. The first two keep the loss finite where probabilities round to 0.
 */
export function logitsOf(
  { graph, output }: LossContext,
  fromLogits: boolean,
  activation: ProbabilityActivation,
): Value {
  if (fromLogits) {
    return output;
  }
  return (
    logitsBehind(graph, output, activation) ??
    graph.apply("unary", [output], { function: activation.inverse, alpha: epsilon })[0]!
  );
}

/** y = scale x + offset; x itself where that changes nothing. */
export function affine(graph: Graph, input: Value, scale: number, offset: number): Value {
  return scale === 1 && offset === 0 ? input : graph.apply("affine", [input], { scale, offset })[0]!;
}

/** The loss of values [N,...,C] that elementwise ops have computed: the weighted sum of the rows' means. */
export function meanOf({ graph, weights }: LossContext, values: Value): Value {
  return graph.apply("weightedMean", [values, ...(weights ? [weights] : [])], {})[0]!;
}
