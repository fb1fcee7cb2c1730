import { chainParts, type OpInstance } from "@convoy/core/backend";
import { averagesFit, batchNormOutputLaunch } from "./fusedBatchNorm.js";
import type { Launch } from "./launch.js";
import type { DeviceOp, DeviceTensor, LaunchContext, OpKernel } from "./opKernel.js";
import { activationFits, type Forward, forwardLaunch, headSizes } from "./product/forward.js";
import { tileMoments, tileMomentsBytes } from "./product/tileMoments.js";

/** A convolution that leaves moments of its channels, and a launch that makes statistics of them and the output. */
export const fusedConv2dBatchNorm: OpKernel = {
  supports(op) {
    const averages = averagesFit(op);
    return averages === true ? activationFits(op) : averages;
  },
  workspaceBytes: (op, target) => tileMomentsBytes(headSizes(chainParts<OpInstance>(op).head, false), target),
  launches: (op, context) => convolutionBatchNormLaunches(op, normalizedConvolution(op), context),
};

/** The convolution of fusedConv2dBatchNorm, up to what is normalized. */
export function normalizedConvolution(op: DeviceOp): Forward {
  const { head, bias, normalization, last } = chainParts<DeviceOp>(op);
  const [input, kernel] = head.inputs as [DeviceTensor, DeviceTensor];
  const normalized = normalization!.inputs[0]!;
  return {
    sizes: headSizes(head, false),
    input,
    kernel,
    bias: bias?.inputs[1],
    // What only the parts read lies where the op's output will.
    output: normalized.address === 0 ? last.outputs[0]! : normalized,
  };
}

/** With `gathers` the first launch runs these as well. */
export function convolutionBatchNormLaunches(
  op: DeviceOp,
  convolution: Forward,
  context: LaunchContext,
  gathers?: readonly DeviceOp[],
): Launch[] {
  const { written, read } = tileMoments(convolution.sizes, op.workspace!.address, context);
  return [
    forwardLaunch({ ...convolution, moments: written }, context, gathers),
    batchNormOutputLaunch(op, convolution.output, read, context),
  ];
}
