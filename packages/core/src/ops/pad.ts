import { formatShape, ShapeError } from "../errors.js";
import { expectRankBetween } from "./checks.js";
import { float32, type OpDefinition, type Shape } from "./definition.js";

export interface PadAttributes {
  /** Zeros before the first element of each axis; a negative number cuts as many elements off. */
  readonly before: readonly number[];
  /** Zeros behind the last element of each axis; a negative number cuts as many elements off. */
  readonly after: readonly number[];
}

/**
 * y[o] = x[o - before], 0 where that lies outside x, along every axis. Zero padding, cropping and slicing are all this op, and
 * so is the gradient of each.
 */
export const pad: OpDefinition<PadAttributes> = {
  summary: "adds zeros at the ends of the axes or cuts elements off: input [A,...] -> [A + before + after,...]",
  inputs: ["input"],
  outputs: ["output"],
  inferOutputs([input], { before, after }) {
    expectRankBetween("pad: input", input!, 1, 4);
    return [float32(paddedShape(input!.shape, before, after))];
  },
  gradient({ attributes: { before, after }, outputGradient, emit }) {
    return emit("pad", [outputGradient(0)], { before: negated(before), after: negated(after) });
  },
  flops: () => 0,
};

function paddedShape(shape: Shape, before: readonly number[], after: readonly number[]): Shape {
  const rank = shape.length;
  const edges = `before ${formatShape(before)} and after ${formatShape(after)}`;
  if (before.length !== rank || after.length !== rank || ![...before, ...after].every(Number.isInteger)) {
    throw new ShapeError(
      `pad: ${edges} have to be a whole number for each of the ${rank} axes of input ${formatShape(shape)}`,
    );
  }
  const padded = shape.map((size, axis) => size + before[axis]! + after[axis]!);
  if (shape.some((size, axis) => size + Math.min(before[axis]!, 0) + Math.min(after[axis]!, 0) < 1)) {
    throw new ShapeError(
      `pad: ${edges} leave nothing of input ${formatShape(shape)} (output ${formatShape(padded)}); cut off less`,
    );
  }
  return padded;
}

/** 0 stays 0: -0 would be printed and compared as another number. */
function negated(sizes: readonly number[]): number[] {
  return sizes.map((size) => 0 - size);
}
