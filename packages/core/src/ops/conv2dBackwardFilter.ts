import { expectSameShape } from "./checks.js";
import { type Conv2dAttributes, conv2dFlops, conv2dOutputShape } from "./conv2d.js";
import { float32, type OpDefinition, type Shape } from "./definition.js";

export interface Conv2dBackwardFilterAttributes extends Conv2dAttributes {
  /** [KH,KW,C,F] of the convolution's kernel. */
  readonly kernelShape: Shape;
}

/** dk[kh,kw,c,f] = sum over n,oh,ow of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] * dy[n,oh,ow,f] */
export const conv2dBackwardFilter: OpDefinition<Conv2dBackwardFilterAttributes> = {
  summary: "gradient of conv2d for its kernel: input [N,H,W,C], outputGradient [N,OH,OW,F] -> [KH,KW,C,F]",
  inputs: ["input", "outputGradient"],
  outputs: ["kernelGradient"],
  inferOutputs([input, outputGradient], attributes) {
    const expected = conv2dOutputShape(input!, float32(attributes.kernelShape), attributes);
    expectSameShape("conv2dBackwardFilter: outputGradient", outputGradient!.shape, expected);
    return [float32(attributes.kernelShape)];
  },
  flops: ([, outputGradient], [kernelGradient]) => conv2dFlops(kernelGradient!.shape, outputGradient!.shape),
};
