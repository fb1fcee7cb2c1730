import { formatShape, ShapeError } from "../errors.js";
import { expectRank } from "./checks.js";
import { float32, type OpDefinition, type Shape, sizeOf, type TensorSpec } from "./definition.js";

/** How a number between pixels is made: the nearest pixel, or the pixels around it weighted by their distance. */
export type Interpolation = "nearest" | "bilinear";

export interface Resize2dAttributes {
  /** [OH, OW] */
  readonly size: readonly [number, number];
  readonly interpolation: Interpolation;
}

export interface Resize2dBackwardAttributes {
  /** [N,H,W,C] of the resized tensor. */
  readonly inputShape: Shape;
  readonly interpolation: Interpolation;
}

/**
 * Images in another size, sampled at the centres of the pixels as in tf.image.resize and Keras (no antialiasing). Along an
 * axis of `in` pixels that becomes `out`, output o lies at p = (o + 0.5) in / out - 0.5:
 *
 * - nearest: y = x[floor((o + 0.5) in / out)]
 * - bilinear: p is clamped to [0, in - 1]; with i = floor(p) and f = p - i, y = (1 - f) x[i] + f x[i + 1]; both axes
 *
 * The sizes are whole numbers, so the index is found without rounding: floor((2 o + 1) in / (2 out)) for nearest; for bilinear
 * i is the quotient and f the remainder of ((2 o + 1) in - out) / (2 out).
 */
export const resize2d: OpDefinition<Resize2dAttributes> = {
  summary: "images in another size: input [N,H,W,C] -> [N,OH,OW,C]",
  inputs: ["input"],
  outputs: ["output"],
  inferOutputs([input], { size }) {
    expectRank("resize2d: input", input!, 4);
    const [batch, , , channels] = input!.shape as [number, number, number, number];
    if (!size.every((length) => Number.isInteger(length) && length >= 1)) {
      throw new ShapeError(
        `resize2d: input ${formatShape(input!.shape)} cannot become ${formatShape(size)} pixels; sizes are whole numbers from 1`,
      );
    }
    return [float32([batch, ...size, channels])];
  },
  gradient({ inputs: [input], attributes: { interpolation }, outputGradient, emit }) {
    return emit("resize2dBackward", [outputGradient(0)], { inputShape: input!.shape, interpolation });
  },
  flops: (_, [output], { interpolation }) => interpolationFlops(output!, interpolation),
};

/** dx[i] = the sum over the outputs of dy[o] times the weight that x[i] has in y[o] */
export const resize2dBackward: OpDefinition<Resize2dBackwardAttributes> = {
  summary: "gradient of resize2d: outputGradient [N,OH,OW,C] -> [N,H,W,C]",
  inputs: ["outputGradient"],
  outputs: ["inputGradient"],
  inferOutputs([outputGradient], { inputShape }) {
    expectRank("resize2dBackward: outputGradient", outputGradient!, 4);
    const { shape } = outputGradient!;
    if (inputShape.length !== 4 || shape[0] !== inputShape[0] || shape[3] !== inputShape[3]) {
      throw new ShapeError(
        `resize2dBackward: outputGradient ${formatShape(shape)} is not input ${formatShape(inputShape)} in another size`,
      );
    }
    return [float32(inputShape)];
  },
  flops: ([outputGradient], _, { interpolation }) =>
    interpolation === "nearest" ? sizeOf(outputGradient!.shape) : interpolationFlops(outputGradient!, interpolation),
};

/** Bilinear: four multiply-adds an element. */
function interpolationFlops({ shape }: TensorSpec, interpolation: Interpolation): number {
  return interpolation === "nearest" ? 0 : 8 * sizeOf(shape);
}
