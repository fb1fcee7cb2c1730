import { sizeOf } from "@convoy/core/backend";
import { convolutionBatchNormLaunches, normalizedConvolution } from "../fusedConv2dBatchNorm.js";
import type { Launch } from "../launch.js";
import { type DeviceOp, type DeviceTensor, type LaunchContext, overlap } from "../opKernel.js";
import { convolutionForward, denseForward, type Forward, forwardLaunch } from "./forward.js";

/** Elements of a data set that patches can be read from: their indices are 32-bit, in its padding as well. */
const maxPatchSource = 2 ** 30;

/**
 * A convolution or dense layer that gathers its input: `gathers`, which it follows, run in its first launch. Undefined where none
 * of them gives its input row by row, or where a batch is also something else that it reads or writes.
 */
export function gatheringLaunches(
  op: DeviceOp,
  gathers: readonly DeviceOp[],
  context: LaunchContext,
): Launch[] | undefined {
  const forward = forwardOf(op);
  const own = forward && gathers.find(({ outputs }) => sameRows(forward.input, outputs[0]!));
  if (forward === undefined || own === undefined || sizeOf(own.inputs[0]!.shape) > maxPatchSource) {
    return undefined;
  }
  const others = [
    ...op.inputs.filter((input) => input !== forward.input),
    // The batch may also be what is added.
    ...(forward.addend ? [forward.addend] : []),
    ...op.outputs,
  ];
  const clashes = gathers.some(
    ({ inputs, outputs }) =>
      others.some((other) => overlap(other, outputs[0]!)) ||
      op.outputs.some((output) => inputs.some((input) => overlap(input, output))),
  );
  const sources = [own, ...gathers.filter((gather) => gather !== own)];
  if (clashes) {
    return undefined;
  }
  return op.op === "fusedConv2dBatchNorm"
    ? convolutionBatchNormLaunches(op, forward, context, sources)
    : [forwardLaunch(forward, context, sources)];
}

function forwardOf(op: DeviceOp): Forward | undefined {
  switch (op.op) {
    case "conv2d":
    case "fusedConv2d":
      return convolutionForward(op);
    case "fusedConv2dBatchNorm":
      return normalizedConvolution(op);
    case "fusedDense":
      return denseForward(op);
    default:
      return undefined;
  }
}

/**
 * Whether row n of one tensor is row n of the other, as it is after a reshape within rows. One across rows leaves the address
 * as it is, too: a dense layer over the last axis of [N,H,C] reads the batch as [N*H,C].
 */
function sameRows(a: DeviceTensor, b: DeviceTensor): boolean {
  return (
    a.address === b.address && a.dtype === b.dtype && a.shape[0] === b.shape[0] && sizeOf(a.shape) === sizeOf(b.shape)
  );
}
