import { addend, attributesOf, chainParts, type OpInstance } from "@convoy/core/backend";
import { outputActivation } from "./activation.js";
import type { StructValues } from "./arguments/pack.js";
import { channelTiles, outputStretches, partStretches, partsBytes } from "./channels.js";
import { type Launch, launch } from "./launch.js";
import { gammaAndBeta } from "./normalize.js";
import type { DeviceOp, DeviceTensor, LaunchContext, OpKernel } from "./opKernel.js";
import { activationFits } from "./product/forward.js";
import { rowsAndColumns } from "./rowSums.js";

/** Moving averages that the kernel updates. */
const maxAverages = 2;

/** Moments of stretches of rows, and a launch that makes statistics of them and the output. */
export const fusedBatchNorm: OpKernel = {
  supports(op) {
    const averages = averagesFit(op);
    return averages === true ? activationFits(op) : averages;
  },
  workspaceBytes: (op, target) => partsBytes(chainParts<OpInstance>(op).head.inputs[0]!.shape, target),
  launches(op, context) {
    const x = chainParts<DeviceOp>(op).head.inputs[0]!;
    const [rows, channels] = rowsAndColumns(x.shape);
    const { tile, count: tiles } = channelTiles(channels);
    const { rowsPerStretch, count } = partStretches(rows, channels, context);
    const parts = op.workspace!.address;
    return [
      launch("batchNormParts", [tiles, count], { x, parts, tile, rows, rowsPerStretch }),
      batchNormOutputLaunch(op, x, { parts, count, rowsPerPart: rowsPerStretch }, context),
    ];
  },
};

/** True, or the reason why a chain has more moving averages than the kernel. */
export function averagesFit(op: OpInstance): true | string {
  const { length } = chainParts<OpInstance>(op).averages;
  return length <= maxAverages || `${op.op} with ${length} moving averages`;
}

/** Statistics out of the moments of parts of x, the moving averages, and the output of a chain with batchNorm. */
export function batchNormOutputLaunch(
  op: DeviceOp,
  x: DeviceTensor,
  parts: StructValues<"ChannelParts">,
  context: LaunchContext,
): Launch {
  const { normalization, averages, addition, activation, last } = chainParts<DeviceOp>(op);
  const attributes = attributesOf("batchNorm", normalization!);
  const [, ...vectors] = normalization!.inputs;
  const [, mean, variance] = normalization!.outputs;
  const [rows, channels] = rowsAndColumns(x.shape);
  const { tile, count: tiles } = channelTiles(channels);
  const y = last.outputs[0]!;
  const { rowsPerStretch, count } = outputStretches(y, rows, channels, context);
  return launch("batchNormOutput", [tiles, count], {
    x,
    to: {
      ...gammaAndBeta(vectors, attributes),
      addend: addition && addend(op, addition),
      y,
      activation: outputActivation(activation && attributesOf("unary", activation)),
    },
    statistics: {
      mean,
      variance,
      averages: averages.map((average) => {
        const { momentum } = attributesOf("movingAverage", average);
        const [state, value] = average.inputs as [DeviceTensor, DeviceTensor];
        return { state, momentum, oneMinusMomentum: 1 - momentum, ofVariance: value.id === variance!.id ? 1 : 0 };
      }),
    },
    parts,
    tile,
    epsilon: attributes.epsilon,
    rows,
    rowsPerStretch,
  });
}
