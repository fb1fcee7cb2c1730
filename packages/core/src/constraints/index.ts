import {
  type Classes,
  type Config,
  type Configured,
  type CustomObjects,
  fromObjectConfig,
  type JsonValue,
} from "../config.js";
import { ArgumentError, formatShape } from "../errors.js";
import { lookUp } from "../names.js";
import type { Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";

/**
 * A condition on a weight tensor that is restored after every update of the optimizer. With `className` and `config` models that
 * use it can be saved.
 */
export interface Constraint extends Configured {
  readonly name: string;
  /** Appends the op that brings `parameter` back to it, in place. Throws `ArgumentError` where its axes do not fit. */
  apply(graph: Graph, parameter: Value): void;
}

/** Values of a constraint option. */
export type ConstraintName = "maxNorm" | "nonNeg" | "unitNorm";

/** Which numbers a norm is over. */
export interface NormAxesOptions {
  /**
   * Axes that a norm is taken over, from the last where negative; default 0: the weights that lead to each unit of a dense
   * layer. [0, 1, 2] for each filter of a convolution.
   */
  readonly axis?: number | readonly number[];
}

/** Settings of `maxNorm`. */
export interface MaxNormOptions extends NormAxesOptions {
  /** The largest norm allowed, at least 0; default 2. */
  readonly maxValue?: number;
}

function normConstraint(
  name: string,
  kind: "max" | "unit",
  limit: number,
  axis: number | readonly number[],
  config: Config,
): Constraint {
  return {
    name,
    className: `${name[0]!.toUpperCase()}${name.slice(1)}`,
    config,
    apply(graph, parameter) {
      const axes = positiveAxes(name, typeof axis === "number" ? [axis] : axis, parameter);
      graph.apply("constrainNorm", [parameter], { kind, limit, axes });
    },
  };
}

/** The axes counted from 0, in ascending order. */
function positiveAxes(name: string, axes: readonly number[], { shape }: Value): readonly number[] {
  const rank = shape.length;
  const positive = axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
  const fit = positive.every(
    (axis, index) => Number.isInteger(axis) && axis >= 0 && axis < rank && axis !== positive[index - 1],
  );
  if (positive.length === 0 || !fit) {
    throw new ArgumentError(
      `${name}: axis ${formatShape(axes)} does not fit a weight of shape ${formatShape(shape)}; ` +
        `expected axes from ${-rank} to ${rank - 1}, each once`,
    );
  }
  return positive;
}

/**
 * Bounds the Euclidean norm over `axis`: w min(norm, maxValue) / (norm + 1e-7). Keras' `MaxNorm`. Throws `ArgumentError` for a
 * bound below 0.
 */
export function maxNorm({ maxValue = 2, axis = 0 }: MaxNormOptions = {}): Constraint {
  if (!(typeof maxValue === "number" && maxValue >= 0 && maxValue < Infinity)) {
    throw new ArgumentError(`maxNorm: maxValue is ${maxValue}, expected a number of at least 0`);
  }
  return normConstraint("maxNorm", "max", maxValue, axis, { maxValue, axis });
}

/** Brings the Euclidean norm over `axis` to 1: w / (norm + 1e-7). Keras' `UnitNorm`. */
export function unitNorm({ axis = 0 }: NormAxesOptions = {}): Constraint {
  return normConstraint("unitNorm", "unit", 1, axis, { axis });
}

/** Sets negative weights to 0. Keras' `NonNeg`. */
export function nonNeg(): Constraint {
  return {
    name: "nonNeg",
    className: "NonNeg",
    config: {},
    apply(graph, parameter) {
      graph.apply("nonNegative", [parameter], {});
    },
  };
}

const named: { readonly [N in ConstraintName]: () => Constraint } = { maxNorm, nonNeg, unitNorm };

/** The constraint behind an option. Throws `ArgumentError` for an unknown name. */
export function resolveConstraint(option: ConstraintName | Constraint): Constraint {
  return typeof option === "string" ? lookUp("constraint", option, named)() : option;
}

const classes: Classes<Constraint> = { MaxNorm: maxNorm, NonNeg: nonNeg, UnitNorm: unitNorm };

/** A constraint from its plain JSON. Throws `ArgumentError` for an unknown class. */
export function constraintFromConfig(what: string, value: JsonValue, customObjects: CustomObjects): Constraint {
  return fromObjectConfig(what, value, classes, customObjects);
}
