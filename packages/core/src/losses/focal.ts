import { expectRange } from "../checkOption.js";
import { ArgumentError } from "../errors.js";
import { lastAxis } from "../ops/checks.js";
import type { Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";
import { type SmoothedCrossentropyOptions, type Smoothing, smoothingOf } from "./crossentropy.js";
import {
  affine,
  epsilon,
  type Loss,
  type LossContext,
  logitsBehind,
  logitsOf,
  meanOf,
  softmaxActivation,
} from "./loss.js";

/** Settings of the focal losses. */
export interface FocalOptions extends SmoothedCrossentropyOptions {
  /** Weight, in [0, 1]; default 0.25. */
  readonly alpha?: number;
  /** How much less weight rows have that are right already, at least 0; default 2. */
  readonly gamma?: number;
}

/** Settings of `binaryFocalCrossentropy`. */
export interface BinaryFocalOptions extends FocalOptions {
  /** Whether labels 1 weigh `alpha` and labels 0 weigh 1 - alpha; without it `alpha` has no effect. Default false. */
  readonly applyClassBalancing?: boolean;
}

interface FocalSettings {
  readonly alpha: number;
  readonly gamma: number;
  readonly fromLogits: boolean;
  readonly smoothing: Smoothing;
  /** The options with the values in effect. */
  readonly config: { readonly [option: string]: number | boolean };
}

/** The options checked and filled in. */
function focalSettings(name: string, options: FocalOptions): FocalSettings {
  const { alpha = 0.25, gamma = 2, fromLogits = false, labelSmoothing = 0 } = options;
  if (!(alpha >= 0 && alpha <= 1)) {
    throw new ArgumentError(`${name}: alpha is ${alpha}, expected a number from 0 to 1`);
  }
  return {
    alpha,
    gamma: expectRange(`${name}: gamma`, gamma, 0, Infinity),
    fromLogits,
    smoothing: smoothingOf(name, labelSmoothing),
    config: { alpha, gamma, fromLogits, labelSmoothing },
  };
}

/**
 * Focal loss of class probabilities p [N,C] for labels t [N,C]: sum over C of -alpha (1 - p)^gamma t ln p, the probabilities
 * of a row brought to a sum of 1 first (Lin et al., 2017). Keras' `CategoricalFocalCrossentropy`. Throws `ArgumentError` for
 * options out of range.
 */
export function categoricalFocalCrossentropy(options: FocalOptions = {}): Loss {
  const name = "categoricalFocalCrossentropy";
  const { alpha, gamma, fromLogits, smoothing, config } = focalSettings(name, options);
  return {
    name,
    className: "CategoricalFocalCrossentropy",
    config,
    labels: "categorical",
    build(context) {
      const { graph, labels } = context;
      const predictions = classProbabilities(context, fromLogits);
      const classes = lastAxis(predictions.shape);
      const targets = affine(graph, labels, smoothing.scale, smoothing.share / classes);
      // The sum over C is C times the mean.
      const entropy = multiply(graph, targets, affine(graph, log(graph, predictions), -alpha * classes, 0));
      const values = focused(graph, affine(graph, predictions, -1, 1), gamma, entropy);
      return { lossSum: meanOf(context, values), predictions };
    },
  };
}

/**
 * Focal loss of independent yes-or-no outputs p [N,C] for labels t [N,C]: mean over C of (1 - q)^gamma times the binary
 * cross-entropy, q = t p + (1 - t)(1 - p) (Lin et al., 2017). Keras' `BinaryFocalCrossentropy`. Throws `ArgumentError` for
 * options out of range.
 */
export function binaryFocalCrossentropy(options: BinaryFocalOptions = {}): Loss {
  const name = "binaryFocalCrossentropy";
  const { alpha, gamma, fromLogits, smoothing, config } = focalSettings(name, options);
  const { applyClassBalancing = false } = options;
  return {
    name,
    className: "BinaryFocalCrossentropy",
    config: { ...config, applyClassBalancing },
    labels: "targets",
    binary: true,
    build(context) {
      const { graph, output, labels } = context;
      const yes = fromLogits ? graph.apply("unary", [output], { function: "sigmoid", alpha: 0 })[0]! : output;
      const no = affine(graph, yes, -1, 1);
      const targets = affine(graph, labels, smoothing.scale, smoothing.share / 2);
      const others = affine(graph, targets, -1, 1);
      const mixed = (a: Value, b: Value): Value => add(graph, multiply(graph, targets, a), multiply(graph, others, b));
      const likelihood = mixed(log(graph, yes), log(graph, no));
      // 1 - q = t (1 - p) + (1 - t) p
      const focal = focused(graph, mixed(no, yes), gamma, affine(graph, likelihood, -1, 0));
      const values = applyClassBalancing
        ? multiply(graph, affine(graph, targets, 2 * alpha - 1, 1 - alpha), focal)
        : focal;
      return { lossSum: meanOf(context, values), predictions: yes };
    },
  };
}

/** Softmax of the logits, the model's own softmax, or its output divided by the sum of its row. */
function classProbabilities(context: LossContext, fromLogits: boolean): Value {
  const { graph, output } = context;
  const known = fromLogits ? undefined : logitsBehind(graph, output, softmaxActivation);
  // e^(ln p) / sum of e^(ln p): the softmax of logarithms is a division by the sum.
  return known === undefined
    ? graph.apply("softmax", [logitsOf(context, fromLogits, softmaxActivation)], {})[0]!
    : output;
}

/** values base^gamma, for base from 0 to 1. */
function focused(graph: Graph, base: Value, gamma: number, values: Value): Value {
  return gamma === 0 ? values : multiply(graph, power(graph, base, gamma), values);
}

function power(graph: Graph, base: Value, exponent: number): Value {
  if (exponent === 1) {
    return base;
  }
  const square = exponent === 2;
  return graph.apply("unary", [base], { function: square ? "square" : "power", alpha: square ? 0 : exponent })[0]!;
}

function log(graph: Graph, probabilities: Value): Value {
  return graph.apply("unary", [probabilities], { function: "log", alpha: epsilon })[0]!;
}

function multiply(graph: Graph, a: Value, b: Value): Value {
  return graph.apply("multiply", [a, b], {})[0]!;
}

function add(graph: Graph, a: Value, b: Value): Value {
  return graph.apply("add", [a, b], {})[0]!;
}
