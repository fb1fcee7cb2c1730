import { gradientParts, type TensorSpec } from "@convoy/core/backend";
import type { OpKernel } from "./opKernel.js";
import { activationBackward, backwardKernel, derivativeFits, type OpOver } from "./product/backward.js";
import type { Backward } from "./product/backwardGeometry.js";
import { denseSizes } from "./product/convolutionShape.js";

export const fusedDenseBackward: OpKernel = backwardKernel(denseBackward, (op) =>
  derivativeFits(gradientParts(op).activation),
);

function denseBackward<T extends TensorSpec>(op: OpOver<T>): Backward<T> {
  const { activation, bias, input, kernel } = gradientParts<OpOver<T>>(op);
  const gradient = (input?.inputs[0] ?? kernel?.inputs[1])!;
  const [N, F] = gradient.shape as [number, number];
  const C = input ? input.inputs[1]!.shape[0]! : kernel!.inputs[0]!.shape[1]!;
  return {
    ...activationBackward(activation, gradient),
    sizes: denseSizes(N, C, F),
    input: kernel?.inputs[0],
    kernel: input?.inputs[1],
    inputGradient: input?.outputs[0],
    kernelGradient: kernel?.outputs[0],
    biasGradient: bias?.outputs[0],
  };
}
