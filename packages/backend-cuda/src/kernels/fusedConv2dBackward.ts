import { attributesOf, gradientParts, isPooling2x2, type TensorSpec } from "@convoy/core/backend";
import { filterBackward } from "./conv2dBackwardFilter.js";
import type { OpKernel } from "./opKernel.js";
import { activationBackward, backwardKernel, derivativeFits, type OpOver } from "./product/backward.js";
import type { Backward } from "./product/backwardGeometry.js";
import { only2x2Pooling } from "./product/forward.js";

export const fusedConv2dBackward: OpKernel = backwardKernel(convolutionBackward, (op) => {
  const { activation, pooling } = gradientParts(op);
  return pooling && !isPooling2x2(attributesOf("maxPool2dBackward", pooling))
    ? only2x2Pooling
    : derivativeFits(activation);
});

function convolutionBackward<T extends TensorSpec>(op: OpOver<T>): Backward<T> {
  const { activation, pooling, bias, input, kernel } = gradientParts<OpOver<T>>(op);
  const base = filterBackward(kernel!);
  return {
    ...base,
    ...activationBackward(activation, pooling?.inputs[0] ?? base.gradient),
    sizes: { ...base.sizes, pooled: pooling !== undefined },
    argmax: pooling?.inputs[1],
    kernel: input?.inputs[1],
    inputGradient: input?.outputs[0],
    biasGradient: bias?.outputs[0],
  };
}
