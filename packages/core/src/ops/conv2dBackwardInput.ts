import { expectSameShape } from "./checks.js";
import { type Conv2dAttributes, conv2dFlops, conv2dOutputShape } from "./conv2d.js";
import { float32, type OpDefinition, type Shape } from "./definition.js";

export interface Conv2dBackwardInputAttributes extends Conv2dAttributes {
  /** [N,H,W,C] of the convolution's input. */
  readonly inputShape: Shape;
}

/**
 * dx[n,h,w,c] = sum over f and all (oh,kh), (ow,kw) that read (h,w) of dy[n,oh,ow,f] * k[kh,kw,c,f]
 *
 * On its own it is the transposed convolution of [N,OH,OW,F] to [N,H,W,C]. It is linear in both inputs, and its gradients
 * are the other two convolution ops: that of dy is conv2d, that of k is conv2dBackwardFilter with dy in its usual place.
 */
export const conv2dBackwardInput: OpDefinition<Conv2dBackwardInputAttributes> = {
  summary: "gradient of conv2d for its input: outputGradient [N,OH,OW,F], kernel [KH,KW,C,F] -> [N,H,W,C]",
  inputs: ["outputGradient", "kernel"],
  outputs: ["inputGradient"],
  inferOutputs([outputGradient, kernel], attributes) {
    const expected = conv2dOutputShape(float32(attributes.inputShape), kernel!, attributes);
    expectSameShape("conv2dBackwardInput: outputGradient", outputGradient!.shape, expected);
    return [float32(attributes.inputShape)];
  },
  gradient({ inputs: [input, kernel], attributes, outputGradient, needs, emit }) {
    const gradient = outputGradient(0);
    const { inputShape: _, ...window } = attributes;
    return [
      needs(0) ? emit("conv2d", [gradient, kernel!], window)[0] : undefined,
      needs(1)
        ? emit("conv2dBackwardFilter", [gradient, input!], { ...window, kernelShape: kernel!.shape })[0]
        : undefined,
    ];
  },
  flops: ([outputGradient, kernel]) => conv2dFlops(kernel!.shape, outputGradient!.shape),
};
