import type { JsonValue } from "../config.js";
import { ArgumentError } from "../errors.js";
import { lookUp } from "../names.js";
import type { Value } from "../ops/definition.js";
import type { UnaryFunction } from "../ops/unary.js";
import type { Graph } from "../plan/index.js";

/**
 * Activations by name. Softmax runs over the last axis; leakyRelu has slope 0.2, elu scale 1 (Keras' defaults); gelu is the exact
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
