import { expectSameShape } from "./checks.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";

/** y[...,c] = e^(x[...,c] - m) / sum over k of e^(x[...,k] - m), m = the row's largest number */
export const softmax: OpDefinition<Record<never, never>> = {
  summary: "softmax over the last axis: input [...,C] -> [...,C]",
  inputs: ["input"],
  outputs: ["output"],
  inferOutputs: ([input]) => [float32(input!.shape)],
  gradient({ outputs: [output], outputGradient, emit }) {
    return emit("softmaxBackward", [outputGradient(0), output!], {});
  },
  flops: ([input]) => 5 * sizeOf(input!.shape),
};

/** dx[...,c] = y[...,c] * (dy[...,c] - sum over k of dy[...,k] y[...,k]) */
export const softmaxBackward: OpDefinition<Record<never, never>> = {
  summary: "gradient of softmax, from its output: outputGradient [...,C], output [...,C] -> [...,C]",
  inputs: ["outputGradient", "output"],
  outputs: ["inputGradient"],
  inferOutputs([outputGradient, output]) {
    expectSameShape("softmaxBackward: outputGradient", outputGradient!.shape, output!.shape);
    return [float32(output!.shape)];
  },
  flops: ([outputGradient]) => 4 * sizeOf(outputGradient!.shape),
};
