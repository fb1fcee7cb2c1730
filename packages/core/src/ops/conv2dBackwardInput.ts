import { expectSameShape } from "./checks.js";
import { type Conv2dAttributes, conv2dFlops, conv2dOutputShape } from "./conv2d.js";
import { float32, type OpDefinition, type Shape } from "./definition.js";

export interface Conv2dBackwardInputAttributes extends Conv2dAttributes {
  /** [N,H,W,C] of the convolution's input. */
  readonly inputShape: Shape;
}

/** dx[n,h,w,c] = sum over f and all (oh,kh), (ow,kw) that read (h,w) of dy[n,oh,ow,f] * k[kh,kw,c,f] */
export const conv2dBackwardInput: OpDefinition<Conv2dBackwardInputAttributes> = {
  summary: "gradient of conv2d for its input: outputGradient [N,OH,OW,F], kernel [KH,KW,C,F] -> [N,H,W,C]",
  inputs: ["outputGradient", "kernel"],
  outputs: ["inputGradient"],
  inferOutputs([outputGradient, kernel], attributes) {
    const expected = conv2dOutputShape(float32(attributes.inputShape), kernel!, attributes);
    expectSameShape("conv2dBackwardInput: outputGradient", outputGradient!.shape, expected);
    return [float32(attributes.inputShape)];
  },
  flops: ([outputGradient, kernel]) => conv2dFlops(kernel!.shape, outputGradient!.shape),
};
