import { attributesOf, type TensorSpec } from "@convoy/core/backend";
import type { OpKernel } from "./opKernel.js";
import { backwardKernel, type OpOver } from "./product/backward.js";
import type { Backward } from "./product/backwardGeometry.js";
import { convolutionSizes } from "./product/convolutionShape.js";

export const conv2dBackwardFilter: OpKernel = backwardKernel(filterBackward);

/** The kernel's gradient alone; the fused gradients add to it. */
export function filterBackward<T extends TensorSpec>(op: OpOver<T>): Backward<T> {
  const [input, gradient] = op.inputs as readonly [T, T];
  const attributes = attributesOf("conv2dBackwardFilter", op);
  const sizes = convolutionSizes(input.shape, attributes.kernelShape, gradient.shape, attributes, false);
  return { sizes, gradient, input, kernelGradient: op.outputs[0]! };
}
