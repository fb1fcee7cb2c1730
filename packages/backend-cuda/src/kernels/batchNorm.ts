import { attributesOf, sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import { channelSums, channelSumsWorkspace, channelWalkBlocks } from "./channels.js";
import { launch } from "./launch.js";
import { gammaAndBeta, normalizeLaunch } from "./normalize.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";
import { rowsAndColumns } from "./rowSums.js";

/** Statistics, then the kernel of `normalize` with them. */
export const batchNorm: OpKernel = {
  ...channelSumsWorkspace,
  launches(op, context) {
    const attributes = attributesOf("batchNorm", op);
    const [x, ...vectors] = op.inputs as [DeviceTensor, ...DeviceTensor[]];
    const [y, mean, variance] = op.outputs as [DeviceTensor, DeviceTensor, DeviceTensor];
    const { grid, values } = channelSums(x.shape, op, context);
    return [
      launch("channelMoments", grid, { x, mean, variance, ...values }),
      normalizeLaunch({ x, mean, variance, ...gammaAndBeta(vectors, attributes), y }, attributes.epsilon, context),
    ];
  },
};

export const batchNormBackwardSums: OpKernel = {
  ...channelSumsWorkspace,
  launches(op, context) {
    const { epsilon } = attributesOf("batchNormBackwardSums", op);
    const [dy, x, mean, variance] = op.inputs as [DeviceTensor, DeviceTensor, DeviceTensor, DeviceTensor];
    const [scaleGradient, offsetGradient] = op.outputs as [DeviceTensor, DeviceTensor];
    const { grid, values } = channelSums(x.shape, op, context);
    const tensors = { dy, x, mean, variance, scaleGradient, offsetGradient };
    return [launch("batchNormBackwardSums", grid, { ...tensors, epsilon, ...values })];
  },
};

export const batchNormBackwardInput: OpKernel = {
  launches(op, { multiprocessors }) {
    const { epsilon } = attributesOf("batchNormBackwardInput", op);
    const [dy, x, mean, variance, scaleGradient, offsetGradient, gamma] = op.inputs;
    const dx = op.outputs[0]!;
    const [rows, channels] = rowsAndColumns(dx.shape);
    const count = sizeOf(dx.shape);
    return [
      launch("batchNormBackwardInput", [channelWalkBlocks(count, channels, multiprocessors), 1], {
        dy,
        x,
        mean,
        variance,
        scaleGradient,
        offsetGradient,
        gamma,
        dx,
        epsilon,
        byC: divisorOf(channels),
        rows,
        count,
      }),
    ];
  },
};
