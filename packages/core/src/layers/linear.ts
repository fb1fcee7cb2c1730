import { type Initializer, type InitializerName, resolveInitializer } from "../initializers/index.js";
import type { Shape, Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";
import { type Activation, resolveActivation } from "./activationFunction.js";
import type { LayerContext, LayerOptions, ParameterSpec, WeightConstraint, WeightPenalty } from "./definition.js";

/** Options of what dense layers and convolutions do after their product. */
export interface BiasOptions extends LayerOptions {
  /** Default "linear". */
  readonly activation?: Activation;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default "zeros". */
  readonly biasInitializer?: InitializerName | Initializer;
  /** Default none. */
  readonly biasRegularizer?: WeightPenalty;
  /** Default none. */
  readonly biasConstraint?: WeightConstraint;
}

/** Options that dense layers and convolutions share. */
export interface LinearOptions extends BiasOptions {
  /** Default "glorotUniform". */
  readonly kernelInitializer?: InitializerName | Initializer;
  /** Default none. */
  readonly kernelRegularizer?: WeightPenalty;
  /** Default none. */
  readonly kernelConstraint?: WeightConstraint;
}

/** The names of `BiasOptions`. */
export const biasOptions: readonly string[] = [
  ...["activation", "useBias", "biasInitializer", "biasRegularizer", "biasConstraint"],
];

/** The names of `LinearOptions`. */
export const linearOptions: readonly string[] = [
  ...["kernelInitializer", "kernelRegularizer", "kernelConstraint"],
  ...biasOptions,
];

/** A weight and how it is made and kept. */
export interface WeightOptions {
  readonly initializer: InitializerName | Initializer | undefined;
  readonly regularizer?: WeightPenalty | undefined;
  readonly constraint?: WeightConstraint | undefined;
}

/** Makes a parameter from a shape. Throws `ArgumentError` for an unknown initializer. */
export function weight(
  name: string,
  { initializer, regularizer, constraint }: WeightOptions,
  standard: InitializerName = "glorotUniform",
): (shape: Shape) => ParameterSpec {
  const resolved = resolveInitializer(initializer ?? standard);
  return (shape) => ({
    name,
    shape,
    initializer: resolved,
    ...(regularizer === undefined ? {} : { regularizer }),
    ...(constraint === undefined ? {} : { constraint }),
  });
}

/** The kernel of `LinearOptions`. */
export function kernelWeight(options: LinearOptions): (shape: Shape) => ParameterSpec {
  return weight("kernel", {
    initializer: options.kernelInitializer,
    regularizer: options.kernelRegularizer,
    constraint: options.kernelConstraint,
  });
}

/** Bias and activation of a layer. */
export interface BiasAndActivation {
  /** The bias [units], or nothing without one. */
  parameters(units: number): readonly ParameterSpec[];
  addBias(context: LayerContext, value: Value): Value;
  activate(graph: Graph, value: Value): Value;
}

/** Bias and activation from options. Throws `ArgumentError` for unknown names. */
export function biasAndActivation(options: BiasOptions): BiasAndActivation {
  const useBias = options.useBias ?? true;
  const bias = weight(
    "bias",
    {
      initializer: options.biasInitializer,
      regularizer: options.biasRegularizer,
      constraint: options.biasConstraint,
    },
    "zeros",
  );
  return {
    parameters: (units) => (useBias ? [bias([units])] : []),
    addBias: ({ graph, parameter }, value) =>
      useBias ? graph.apply("biasAdd", [value, parameter("bias")], {})[0]! : value,
    activate: resolveActivation(options.activation ?? "linear"),
  };
}
