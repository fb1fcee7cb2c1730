import { expectDType, expectRank, expectSameShape } from "./checks.js";
import { float32, type OpDefinition, type Shape, sizeOf, type TensorSpec } from "./definition.js";
import { spatial, type WindowAttributes, windowOutputSize } from "./window.js";

export interface Pool2dAttributes extends WindowAttributes {
  /** Window size [PH, PW]. */
  readonly poolSize: readonly [number, number];
}

export interface Pool2dBackwardAttributes extends Pool2dAttributes {
  /** [N,H,W,C] of the pooling's input. */
  readonly inputShape: Shape;
}

/** Output shape [N,OH,OW,C] of a pooling over input [N,H,W,C]. */
export function pool2dOutputShape(op: string, input: TensorSpec, attributes: Pool2dAttributes): Shape {
  expectRank(`${op}: input`, input, 4);
  const [outputHeight, outputWidth] = windowOutputSize(op, spatial(input.shape), attributes.poolSize, attributes);
  return [input.shape[0] as number, outputHeight, outputWidth, input.shape[3] as number];
}

/**
 * y = the largest number of each window; argmax = its position ph * PW + pw within the window, the first of equals.
 * Padding never wins; a window that lies in the padding altogether (explicit padding only) has no defined result.
 */
export const maxPool2d: OpDefinition<Pool2dAttributes> = {
  summary: "largest number of each window: input [N,H,W,C] -> [N,OH,OW,C], and its position in the window as int32",
  inputs: ["input"],
  outputs: ["output", "argmax"],
  inferOutputs([input], attributes) {
    const shape = pool2dOutputShape("maxPool2d", input!, attributes);
    return [float32(shape), { shape, dtype: "int32" }];
  },
  gradient({ inputs: [input], outputs: [, argmax], attributes, outputGradient, emit }) {
    return emit("maxPool2dBackward", [outputGradient(0), argmax!], { ...attributes, inputShape: input!.shape });
  },
  flops: (_, [output], { poolSize: [height, width] }) => sizeOf(output!.shape) * height * width,
};

/** dx[position that won] += dy; everything else 0. */
export const maxPool2dBackward: OpDefinition<Pool2dBackwardAttributes> = {
  summary: "gradient of maxPool2d: outputGradient [N,OH,OW,C], argmax [N,OH,OW,C] int32 -> [N,H,W,C]",
  inputs: ["outputGradient", "argmax"],
  outputs: ["inputGradient"],
  inferOutputs([outputGradient, argmax], attributes) {
    const expected = pool2dOutputShape("maxPool2dBackward", float32(attributes.inputShape), attributes);
    expectSameShape("maxPool2dBackward: outputGradient", outputGradient!.shape, expected);
    expectSameShape("maxPool2dBackward: argmax", argmax!.shape, expected);
    expectDType("maxPool2dBackward: argmax", argmax!, "int32");
    return [float32(attributes.inputShape)];
  },
  flops: ([outputGradient]) => sizeOf(outputGradient!.shape),
};
