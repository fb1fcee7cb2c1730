import { formatShape, ShapeError } from "../errors.js";
import { expectRankBetween, sameShape } from "./checks.js";
import { float32, type OpDefinition, type Shape, type TensorSpec, type Value } from "./definition.js";

export interface ConcatAttributes {
  /** The axis along which the inputs follow each other, from 0. */
  readonly axis: number;
}

/** The inputs one behind the other along `axis`: y[..., start of input k + i, ...] = input k [..., i, ...] */
export const concat: OpDefinition<ConcatAttributes> = {
  summary:
    "two or more tensors one behind the other along an axis: first [...,A,...], next [...,B,...] -> [...,A+B,...]",
  inputs: ["first", "next"],
  variadic: true,
  outputs: ["output"],
  inferOutputs(inputs, { axis }) {
    const [first] = inputs as [TensorSpec];
    expectRankBetween("concat: first", first, 2, 4);
    if (!Number.isInteger(axis) || axis < 0 || axis >= first.shape.length) {
      throw new ShapeError(
        `concat: axis ${axis} is none of the ${first.shape.length} axes of first ${formatShape(first.shape)}`,
      );
    }
    inputs.forEach(({ shape }, index) => {
      if (!sameShape(withSize(shape, axis, 0), withSize(first.shape, axis, 0))) {
        throw new ShapeError(
          `concat: next ${index} has shape ${formatShape(shape)}, first ${formatShape(first.shape)}; ` +
            `they may differ in axis ${axis} only`,
        );
      }
    });
    return [float32(withSize(first.shape, axis, totalSize(inputs, axis)))];
  },
  gradient({ inputs, attributes: { axis }, outputGradient, needs, emit }) {
    const total = totalSize(inputs, axis);
    const along = (size: number): number[] => inputs[0]!.shape.map((_, other) => (other === axis ? size : 0));
    let start = 0;
    return inputs.map(({ shape }, index): Value | undefined => {
      const end = start + shape[axis]!;
      const cropping = { before: along(0 - start), after: along(end - total) };
      start = end;
      return needs(index) ? emit("pad", [outputGradient(0)], cropping)[0] : undefined;
    });
  },
  flops: () => 0,
};

function withSize(shape: Shape, axis: number, size: number): Shape {
  return shape.with(axis, size);
}

function totalSize(inputs: readonly TensorSpec[], axis: number): number {
  return inputs.reduce((total, { shape }) => total + shape[axis]!, 0);
}
