import { type Config, objectConfig } from "../config.js";
import { type Constraint, type ConstraintName, resolveConstraint } from "../constraints/index.js";
import { type Initializer, type InitializerName, resolveInitializer } from "../initializers/index.js";
import type { Shape, Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";
import {
  type Regularizer,
  type RegularizerName,
  regularizerConfig,
  resolveRegularizer,
} from "../regularizers/index.js";
import { type Activation, activationConfig, resolveActivation } from "./activationFunction.js";
import type { LayerContext, LayerOptions, ParameterSpec } from "./definition.js";

/** Value of a regularizer option: "l1", "l2" or "l1l2", or what `regularizers` has. */
export type RegularizerOption = RegularizerName | Regularizer;

/** Value of a constraint option: "maxNorm", "nonNeg" or "unitNorm", or what `constraints` has. */
export type ConstraintOption = ConstraintName | Constraint;

/** Options of what dense layers and convolutions do after their product. */
export interface BiasOptions extends LayerOptions {
  /** Default "linear". */
  readonly activation?: Activation;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default "zeros". */
  readonly biasInitializer?: InitializerName | Initializer;
  /** Default none. */
  readonly biasRegularizer?: RegularizerOption;
  /** Default none. */
  readonly biasConstraint?: ConstraintOption;
}

/** Options that dense layers and convolutions share. */
export interface LinearOptions extends BiasOptions {
  /** Default "glorotUniform". */
  readonly kernelInitializer?: InitializerName | Initializer;
  /** Default none. */
  readonly kernelRegularizer?: RegularizerOption;
  /** Default none. */
  readonly kernelConstraint?: ConstraintOption;
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
  readonly regularizer?: RegularizerOption | undefined;
  readonly constraint?: ConstraintOption | undefined;
}

/** Makes a parameter from a shape. */
export interface WeightMaker {
  (shape: Shape): ParameterSpec;
  /** Its options, whose names begin with `prefix`: "kernel" for "kernelInitializer". */
  config(prefix: string): Config;
}

/** Makes a parameter from a shape. Throws `ArgumentError` for unknown names. */
export function weight(
  name: string,
  { initializer, regularizer, constraint }: WeightOptions,
  standard: InitializerName = "glorotUniform",
): WeightMaker {
  const fixed: Omit<ParameterSpec, "shape"> = {
    name,
    initializer: resolveInitializer(initializer ?? standard),
    ...(regularizer === undefined ? {} : { regularizer: resolveRegularizer(regularizer) }),
    ...(constraint === undefined ? {} : { constraint: resolveConstraint(constraint) }),
  };
  const make = (shape: Shape): ParameterSpec => ({ ...fixed, shape });
  return Object.assign(make, { config: (prefix: string) => weightConfig(prefix, fixed) });
}

function weightConfig(prefix: string, made: Omit<ParameterSpec, "shape">): Config {
  const { initializer, regularizer, constraint } = made;
  return {
    [`${prefix}Initializer`]: objectConfig(`${prefix}Initializer "${initializer.name}"`, initializer),
    ...(regularizer === undefined ? {} : { [`${prefix}Regularizer`]: regularizerConfig(regularizer) }),
    ...(constraint === undefined
      ? {}
      : { [`${prefix}Constraint`]: objectConfig(`${prefix}Constraint "${constraint.name}"`, constraint) }),
  };
}

/** The kernel of `LinearOptions`. */
export function kernelWeight(options: LinearOptions): WeightMaker {
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
  /** The options behind them. */
  readonly config: Config;
}

/** Bias and activation from options. Throws `ArgumentError` for unknown names. */
export function biasAndActivation(options: BiasOptions): BiasAndActivation {
  const { useBias = true, activation = "linear" } = options;
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
    activate: resolveActivation(activation),
    get config() {
      return { activation: activationConfig(activation), useBias, ...bias.config("bias") };
    },
  };
}
