import { attributesOf, type TensorSpec } from "@convoy/core/backend";
import type { OpKernel } from "./opKernel.js";
import { backwardKernel, type OpOver } from "./product/backward.js";
import type { Backward } from "./product/backwardGeometry.js";
import { convolutionSizes } from "./product/convolutionShape.js";

export const conv2dBackwardInput: OpKernel = backwardKernel(inputBackward);

function inputBackward<T extends TensorSpec>(op: OpOver<T>): Backward<T> {
  const [gradient, kernel] = op.inputs as readonly [T, T];
  const attributes = attributesOf("conv2dBackwardInput", op);
  const sizes = convolutionSizes(attributes.inputShape, kernel.shape, gradient.shape, attributes, false);
  return { sizes, gradient, kernel, inputGradient: op.outputs[0]! };
}
