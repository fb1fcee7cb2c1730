import { attributesOf, normGradientParts, type OpInstance } from "@convoy/core/backend";
import { quadraticsOf } from "./activation.js";
import type { StructValues } from "./arguments/pack.js";
import { channelTiles, outputStretches, partStretches, partsBytes } from "./channels.js";
import { launch } from "./launch.js";
import type { DeviceOp, DeviceTensor, OpKernel } from "./opKernel.js";
import { derivativeFits } from "./product/backward.js";
import { rowsAndColumns } from "./rowSums.js";

/** Sums of stretches of rows over the gradient, and a launch that makes the gradients of them. */
export const fusedBatchNormBackward: OpKernel = {
  supports: (op) => derivativeFits(normGradientParts<OpInstance>(op).activation),
  workspaceBytes: (op, target) => partsBytes(normGradientParts<OpInstance>(op).sums.inputs[1]!.shape, target),
  launches(op, context) {
    const { sums, input } = normGradientParts<DeviceOp>(op);
    const [g, x, mean, variance] = sums.inputs as [DeviceTensor, DeviceTensor, DeviceTensor, DeviceTensor];
    const [scaleGradient, offsetGradient] = sums.outputs;
    const { epsilon } = attributesOf("batchNormBackwardSums", sums);
    const [rows, channels] = rowsAndColumns(x.shape);
    const { tile, count: tiles } = channelTiles(channels);
    const first = partStretches(rows, channels, context);
    const dx = input?.outputs[0];
    const second = outputStretches(dx, rows, channels, context);
    const from = gradientOf(op);
    const writes = from.a !== g && g.address !== 0;
    const parts = op.workspace!.address;
    return [
      launch("batchNormGradientParts", [tiles, first.count], {
        from,
        x,
        mean,
        g: writes ? g : undefined,
        parts,
        tile,
        rows,
        rowsPerStretch: first.rowsPerStretch,
      }),
      launch("batchNormGradients", [tiles, second.count], {
        from: writes ? asItIs(g) : from,
        x,
        mean,
        variance,
        gamma: input?.inputs[6],
        to: { scaleGradient, offsetGradient, dx },
        parts: { parts, count: first.count, rowsPerPart: first.rowsPerStretch },
        tile,
        epsilon,
        rows,
        rowsPerStretch: second.rowsPerStretch,
      }),
    ];
  },
};

/** How the gradient of what batchNorm gave is computed. */
function gradientOf(op: DeviceOp): StructValues<"NormGradient"> {
  const { addition, activation, sums } = normGradientParts<DeviceOp>(op);
  const [a, b] = addition?.inputs ?? [(activation ?? sums).inputs[0]];
  const attributes = activation && attributesOf("unaryBackward", activation);
  return { a, b, y: activation?.inputs[1], activation: quadraticsOf(attributes)! };
}

function asItIs(g: DeviceTensor): StructValues<"NormGradient"> {
  return { a: g, b: undefined, y: undefined, activation: quadraticsOf(undefined)! };
}
