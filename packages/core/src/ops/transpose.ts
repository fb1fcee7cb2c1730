import { formatShape, ShapeError } from "../errors.js";
import { expectRankBetween } from "./checks.js";
import { float32, type OpDefinition } from "./definition.js";

export interface TransposeAttributes {
  /** For each axis of the output the axis of the input that it is. */
  readonly permutation: readonly number[];
}

/** The axes in another order: axis k of y is axis permutation[k] of x. */
export const transpose: OpDefinition<TransposeAttributes> = {
  summary: "the axes in another order: input [...] -> [input size of permutation[0], ...]",
  inputs: ["input"],
  outputs: ["output"],
  inferOutputs([input], { permutation }) {
    expectRankBetween("transpose: input", input!, 1, 4);
    const { shape } = input!;
    if (permutation.length !== shape.length || !shape.every((_, axis) => permutation.includes(axis))) {
      throw new ShapeError(
        `transpose: permutation ${formatShape(permutation)} does not name each of the ${shape.length} axes of input ` +
          `${formatShape(shape)} once`,
      );
    }
    return [float32(permutation.map((axis) => shape[axis]!))];
  },
  gradient({ attributes: { permutation }, outputGradient, emit }) {
    const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
    return emit("transpose", [outputGradient(0)], { permutation: inverse });
  },
  flops: () => 0,
};
