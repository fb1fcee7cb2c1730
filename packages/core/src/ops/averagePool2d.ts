import { expectSameShape } from "./checks.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";
import { type Pool2dAttributes, type Pool2dBackwardAttributes, pool2dOutputShape } from "./maxPool2d.js";

/** y = the mean of each window; padding counts neither in the sum nor in the divisor, as in Keras. */
export const averagePool2d: OpDefinition<Pool2dAttributes> = {
  summary: "mean of each window, padding not counted: input [N,H,W,C] -> [N,OH,OW,C]",
  inputs: ["input"],
  outputs: ["output"],
  inferOutputs([input], attributes) {
    return [float32(pool2dOutputShape("averagePool2d", input!, attributes))];
  },
  gradient({ inputs: [input], attributes, outputGradient, emit }) {
    return emit("averagePool2dBackward", [outputGradient(0)], { ...attributes, inputShape: input!.shape });
  },
  flops: (_, [output], { poolSize: [height, width] }) => sizeOf(output!.shape) * height * width,
};

/** dx = the sum over the windows that hold a position of dy / (positions of that window inside the input) */
export const averagePool2dBackward: OpDefinition<Pool2dBackwardAttributes> = {
  summary: "gradient of averagePool2d: outputGradient [N,OH,OW,C] -> [N,H,W,C]",
  inputs: ["outputGradient"],
  outputs: ["inputGradient"],
  inferOutputs([outputGradient], attributes) {
    const expected = pool2dOutputShape("averagePool2dBackward", float32(attributes.inputShape), attributes);
    expectSameShape("averagePool2dBackward: outputGradient", outputGradient!.shape, expected);
    return [float32(attributes.inputShape)];
  },
  flops: ([outputGradient], _, { poolSize: [height, width] }) => sizeOf(outputGradient!.shape) * height * width,
};
