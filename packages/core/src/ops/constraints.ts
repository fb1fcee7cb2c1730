import { formatShape, ShapeError } from "../errors.js";
import { type OpDefinition, type Shape, sizeOf } from "./definition.js";

/*
 * Applied to one parameter tensor after the optimizer's update. Formulas as Keras 3's `MaxNorm`, `UnitNorm` and `NonNeg`.
 */

export interface ConstrainNormAttributes {
  /** Whether `limit` is the largest norm allowed, or the norm that every vector gets. */
  readonly kind: "max" | "unit";
  /** With "unit" 1. */
  readonly limit: number;
  /** Axes that a norm is taken over, ascending. */
  readonly axes: readonly number[];
}

/** Added to norms before dividing by them: Keras' `epsilon()`. */
export const normEpsilon = 1e-7;

function expectAxes(shape: Shape, axes: readonly number[]): void {
  if (shape.length < 1 || shape.length > 4) {
    throw new ShapeError(`constrainNorm: parameter has shape ${formatShape(shape)}, expected 1 to 4 dimensions`);
  }
  const fit = axes.every(
    (axis, index) =>
      Number.isInteger(axis) && axis >= 0 && axis < shape.length && (index === 0 || axes[index - 1]! < axis),
  );
  if (axes.length === 0 || !fit) {
    throw new ShapeError(
      `constrainNorm: axes ${formatShape(axes)} do not fit parameter ${formatShape(shape)}, expected at least one of ` +
        `0 to ${shape.length - 1}, each once and in ascending order`,
    );
  }
}

/**
 * norm = sqrt(sum over the axes of w^2), one for each place of the other axes; w = w wanted / (norm + 1e-7), where wanted is
 * min(norm, limit) for "max" and limit for "unit". As in Keras, "max" divides below the limit too, by nearly the norm.
 */
export const constrainNorm: OpDefinition<ConstrainNormAttributes> = {
  summary: "bounds or sets the Euclidean norm over some axes: parameter [...] updated",
  inputs: ["parameter"],
  outputs: [],
  updates: [0],
  inferOutputs([parameter], { axes }) {
    expectAxes(parameter!.shape, axes);
    return [];
  },
  flops: ([parameter]) => 3 * sizeOf(parameter!.shape),
};

/** w = max(w, 0) */
export const nonNegative: OpDefinition<Record<never, never>> = {
  summary: "sets negative numbers to 0: parameter [...] updated",
  inputs: ["parameter"],
  outputs: [],
  updates: [0],
  inferOutputs: () => [],
  flops: ([parameter]) => sizeOf(parameter!.shape),
};
