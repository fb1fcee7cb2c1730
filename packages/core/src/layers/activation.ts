import { expectRange } from "../checkOption.js";
import type { Config } from "../config.js";
import type { Initializer, InitializerName } from "../initializers/index.js";
import { type Shape, sizeOf, type Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";
import { type Activation, type ActivationName, activationConfig, resolveActivation } from "./activationFunction.js";
import { broadcast, resolveAxis } from "./axes.js";
import { commonFields, type LayerDefinition, type LayerOptions } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";
import { type ConstraintOption, type RegularizerOption, weight } from "./linear.js";
import { layerOptions } from "./options.js";
import { reshaped } from "./slices.js";

type Names = Pick<LayerDefinition, "className" | "defaultName">;

function activationLayer(names: Names, activation: Activation, options: LayerOptions, config: Config = {}): Layer {
  const activate = resolveActivation(activation);
  return defineLayer({
    ...names,
    ...commonFields(options),
    config,
    parameters: () => [],
    apply: ({ graph, input }) => activate(graph, input),
  });
}

export interface ActivationOptions extends LayerOptions {
  readonly activation: Activation;
}

/** An activation as a layer of its own. Keras' `Activation`. Throws `ArgumentError` for an unknown name. */
export function activation(options: ActivationOptions): Layer {
  layerOptions("activation", options, ["activation"], ["activation"]);
  const names = { className: "Activation", defaultName: "activation" };
  return activationLayer(names, options.activation, options, { activation: activationConfig(options.activation) });
}

/** The layer of one activation that has no settings. */
function named(label: ActivationName, names: Names, config: Config = {}): (options?: LayerOptions) => Layer {
  return (options = {}) => activationLayer(names, label, layerOptions(label, options), config);
}

/** max(x, 0). Keras' `ReLU`. */
export const relu: (options?: LayerOptions) => Layer = named("relu", { className: "ReLU", defaultName: "re_lu" });

/** min(max(x, 0), 6). Keras' `ReLU` with `max_value` 6. */
export const relu6: (options?: LayerOptions) => Layer = named(
  "relu6",
  { className: "ReLU", defaultName: "re_lu" },
  { maxValue: 6 },
);

/** e^x over their sum along the last axis. Keras' `Softmax`. */
export const softmax: (options?: LayerOptions) => Layer = named("softmax", {
  className: "Softmax",
  defaultName: "softmax",
});

/** x sigmoid(x). */
export const silu: (options?: LayerOptions) => Layer = named("silu", { className: "Silu", defaultName: "silu" });

/** ln(1 + e^x). */
export const softplus: (options?: LayerOptions) => Layer = named("softplus", {
  className: "Softplus",
  defaultName: "softplus",
});

/** x / (1 + |x|). */
export const softsign: (options?: LayerOptions) => Layer = named("softsign", {
  className: "Softsign",
  defaultName: "softsign",
});

/** relu6(x + 3) / 6, as in Keras 3. */
export const hardSigmoid: (options?: LayerOptions) => Layer = named("hardSigmoid", {
  className: "HardSigmoid",
  defaultName: "hard_sigmoid",
});

/** x relu6(x + 3) / 6. */
export const hardSilu: (options?: LayerOptions) => Layer = named("hardSilu", {
  className: "HardSilu",
  defaultName: "hard_silu",
});

export interface GeluOptions extends LayerOptions {
  /** Whether the approximation by tanh is used; default false. */
  readonly approximate?: boolean;
}

/** x times the share of a normal distribution below x (Hendrycks and Gimpel, 2016). Keras' activation `gelu`. */
export function gelu(options: GeluOptions = {}): Layer {
  const { approximate = false } = layerOptions("gelu", options, ["approximate"]);
  const names = { className: "Gelu", defaultName: "gelu" };
  return activationLayer(names, approximate ? "geluTanh" : "gelu", options, { approximate });
}

export interface LeakyReluOptions extends LayerOptions {
  /** Slope below 0, at least 0; default 0.3, as of Keras' layer (its activation has 0.2). */
  readonly negativeSlope?: number;
}

/** x, below 0 times a small slope. Keras' `LeakyReLU`. */
export function leakyRelu(options: LeakyReluOptions = {}): Layer {
  layerOptions("leakyRelu", options, ["negativeSlope"]);
  const alpha = expectRange("leakyRelu: negativeSlope", options.negativeSlope ?? 0.3, 0, Infinity);
  const names = { className: "LeakyReLU", defaultName: "leaky_re_lu" };
  return activationLayer(names, { function: "leakyRelu", alpha }, options, { negativeSlope: alpha });
}

export interface EluOptions extends LayerOptions {
  /** At least 0; default 1. */
  readonly alpha?: number;
}

/** x, below 0 alpha (e^x - 1). Keras' `ELU`. */
export function elu(options: EluOptions = {}): Layer {
  layerOptions("elu", options, ["alpha"]);
  const alpha = expectRange("elu: alpha", options.alpha ?? 1, 0, Infinity);
  return activationLayer({ className: "ELU", defaultName: "elu" }, { function: "elu", alpha }, options, { alpha });
}

export interface PreluOptions extends LayerOptions {
  /** Default "zeros". */
  readonly alphaInitializer?: InitializerName | Initializer;
  /** Default none. */
  readonly alphaRegularizer?: RegularizerOption;
  /** Default none. */
  readonly alphaConstraint?: ConstraintOption;
  /** Axes of the sample, counted from 1, that have one slope together: [1, 2] for one slope a channel of images. Default none. */
  readonly sharedAxes?: readonly number[];
}

/**
 * x, below 0 times a slope that is learnt (He et al., 2015): alpha has the shape of a sample, 1 along shared axes. Keras' `PReLU`.
 * Throws `ArgumentError` where the shared axes are not the first ones.
 */
export function prelu(options: PreluOptions = {}): Layer {
  const own = ["alphaInitializer", "alphaRegularizer", "alphaConstraint", "sharedAxes"];
  const { sharedAxes = [] } = layerOptions("prelu", options, own);
  const alpha = weight(
    "alpha",
    {
      initializer: options.alphaInitializer,
      regularizer: options.alphaRegularizer,
      constraint: options.alphaConstraint,
    },
    "zeros",
  );
  return defineLayer({
    className: "PReLU",
    defaultName: "p_re_lu",
    ...commonFields(options),
    get config() {
      return { ...alpha.config("alpha"), sharedAxes };
    },
    parameters(inputShape) {
      const shared = sharedAxes.map((axis) => resolveAxis("prelu: sharedAxes", axis, inputShape));
      return [alpha(inputShape.map((size, axis) => (shared.includes(axis + 1) ? 1 : size)))];
    },
    // relu(x) - alpha relu(-x); a convolution of 1x1 by channel multiplies by alpha.
    apply({ graph, input, parameter }) {
      const alphas = slopesOf(graph, parameter("alpha"), input.shape);
      const slopes = sizeOf(alphas.shape);
      const negate = { scale: -1, offset: 0 };
      const rectified = { function: "relu", alpha: 0 } as const;
      const [positive] = graph.apply("unary", [input], rectified);
      const [below] = graph.apply("unary", graph.apply("affine", [input], negate), rectified);
      const images = reshaped(graph, below!, [1, 1, sizeOf(input.shape) / slopes, slopes]);
      const kernel = reshaped(graph, alphas, [1, 1, slopes, 1]);
      const window = { strides: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
      const [sloped] = graph.apply("depthwiseConv2d", [images, kernel], window);
      const negative = graph.apply("affine", [reshaped(graph, sloped!, input.shape)], negate);
      return graph.apply("add", [positive!, negative[0]!], {})[0]!;
    },
  });
}

/** Slopes as they repeat along the numbers of a batch: those of its last axes, stretched where others are shared in between. */
function slopesOf(graph: Graph, alpha: Value, input: Shape): Value {
  const own = alpha.shape.findIndex((size) => size > 1);
  const last = own < 0 ? [1] : [1, ...input.slice(own + 1)];
  if (sizeOf(alpha.shape) === sizeOf(last)) {
    return alpha;
  }
  return broadcast(graph, reshaped(graph, alpha, [1, ...alpha.shape.slice(own)]), last);
}
