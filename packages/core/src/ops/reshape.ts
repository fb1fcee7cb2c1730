import { formatShape, ShapeError } from "../errors.js";
import { type OpDefinition, type Shape, sizeOf } from "./definition.js";

export interface ReshapeAttributes {
  readonly shape: Shape;
}

/** The same numbers under another shape. Takes no time: lowering turns it into a second name for the same memory. */
export const reshape: OpDefinition<ReshapeAttributes> = {
  summary: "the same numbers under another shape: no kernel, resolved when the plan is made",
  inputs: ["input"],
  outputs: ["output"],
  inferOutputs([input], { shape }) {
    if (sizeOf(shape) !== sizeOf(input!.shape)) {
      throw new ShapeError(
        `reshape: ${formatShape(input!.shape)} has ${sizeOf(input!.shape)} elements, ` +
          `${formatShape(shape)} has ${sizeOf(shape)}`,
      );
    }
    return [{ shape, dtype: input!.dtype }];
  },
  gradient({ inputs: [input], outputGradient, emit }) {
    return emit("reshape", [outputGradient(0)], { shape: input!.shape });
  },
  flops: () => 0,
  bytes: () => 0,
};
