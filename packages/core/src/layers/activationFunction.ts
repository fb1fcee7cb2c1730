import type { JsonValue } from "../config.js";
import { ArgumentError } from "../errors.js";
import { lookUp } from "../names.js";
import { sizeOf, type Value } from "../ops/definition.js";
import type { UnaryFunction } from "../ops/unary.js";
import type { Graph } from "../plan/index.js";
import { reshaped } from "./slices.js";

/**
 * Activations by name. Softmax and its logarithm run over the last axis; leakyRelu has slope 0.2, elu scale 1 (Keras' defaults); gelu is the exact
 * form, geluTanh the approximation; swish and hardSwish are other names of silu and hardSilu.
 */
export type ActivationName =
  | "linear"
  | "relu"
  | "relu6"
  | "leakyRelu"
  | "elu"
  | "selu"
  | "sigmoid"
  | "hardSigmoid"
  | "tanh"
  | "softmax"
  | "logSoftmax"
  | "softplus"
  | "softsign"
  | "silu"
  | "swish"
  | "hardSilu"
  | "hardSwish"
  | "gelu"
  | "geluTanh";

/** An activation with a setting of its own: the slope of leakyRelu below 0 or the scale of elu, at least 0. */
export interface ParametricActivation {
  readonly function: "leakyRelu" | "elu";
  readonly alpha: number;
}

/** Value of an activation option. */
export type Activation = ActivationName | ParametricActivation;

type Apply = (graph: Graph, input: Value) => Value;

/**
 * x minus the logarithm of the sum of e^x along the last axis. That logarithm is the largest x minus the logarithm of the largest
 * probability, which is never small, so that no number is too large or too small for float32.
 */
function logSoftmax(graph: Graph, input: Value): Value {
  const classes = input.shape.at(-1)!;
  const rows = sizeOf(input.shape) / classes;
  const largest = (value: Value): Value => {
    const window = { poolSize: [1, classes], strides: [1, classes], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
    return graph.apply("maxPool2d", [reshaped(graph, value, [rows, 1, classes, 1])], window)[0]!;
  };
  const negated = (value: Value): Value => graph.apply("affine", [value], { scale: -1, offset: 0 })[0]!;
  const probabilities = graph.apply("softmax", [input], {})[0]!;
  const logarithm = graph.apply("unary", [largest(probabilities)], { function: "log", alpha: 1e-30 })[0]!;
  const normalizer = graph.apply("add", [logarithm, negated(largest(input))], {})[0]!;
  const spread = { size: [1, classes], interpolation: "nearest" } as const;
  const [everywhere] = graph.apply("resize2d", [normalizer], spread);
  return graph.apply("add", [input, reshaped(graph, everywhere!, input.shape)], {})[0]!;
}

function unary(name: UnaryFunction, alpha = 0): Apply {
  return (graph, input) => graph.apply("unary", [input], { function: name, alpha })[0]!;
}

/** Self-normalizing networks (Klambauer et al., 2017). */
const selu = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

const activations: { readonly [N in ActivationName]: Apply } = {
  linear: (_, input) => input,
  relu: unary("relu"),
  relu6: unary("relu6"),
  leakyRelu: unary("leakyRelu", 0.2),
  elu: unary("elu", 1),
  selu: (graph, input) =>
    graph.apply("affine", [unary("elu", selu.alpha)(graph, input)], { scale: selu.scale, offset: 0 })[0]!,
  sigmoid: unary("sigmoid"),
  hardSigmoid: unary("hardSigmoid"),
  tanh: unary("tanh"),
  softmax: (graph, input) => graph.apply("softmax", [input], {})[0]!,
  logSoftmax,
  softplus: unary("softplus"),
  softsign: unary("softsign"),
  silu: unary("silu"),
  swish: unary("silu"),
  hardSilu: unary("hardSilu"),
  hardSwish: unary("hardSilu"),
  gelu: unary("gelu"),
  geluTanh: unary("geluTanh"),
};

/** The ops behind an activation option. Throws `ArgumentError` for an unknown name or a negative alpha. */
export function resolveActivation(option: Activation): Apply {
  if (typeof option === "string") {
    return lookUp("activation", option, activations);
  }
  const { function: name, alpha } = option;
  lookUp("parametric activation", name, { leakyRelu: true, elu: true });
  if (!(alpha >= 0 && Number.isFinite(alpha))) {
    throw new ArgumentError(`activation ${name}: alpha is ${alpha}, expected a number of at least 0`);
  }
  return unary(name, alpha);
}

/** The option as plain JSON. */
export function activationConfig(option: Activation): JsonValue {
  return typeof option === "string" ? option : { function: option.function, alpha: option.alpha };
}
