import { attributesOf, sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import { blocksFor, launch, sharedBlocksFor } from "./launch.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";
import { rowSums, rowsAndColumns } from "./rowSums.js";

export const weightedMean: OpKernel = {
  launches(op, context) {
    const [v, weights] = op.inputs as [DeviceTensor, DeviceTensor?];
    const [, columns] = rowsAndColumns(v.shape);
    const count = sizeOf(v.shape);
    const blocks = Math.min(blocksFor(count), context.multiprocessors * 2);
    const sums = rowSums(1, blocks, context);
    const values = { v, weights, loss: op.outputs[0]!, sums, byC: divisorOf(columns), count };
    return [launch("weightedMean", [blocks, 1], values)];
  },
};

export const weightedMeanBackward: OpKernel = {
  launches(op, { multiprocessors }) {
    const { scale } = attributesOf("weightedMeanBackward", op);
    const [v, weights] = op.inputs as [DeviceTensor, DeviceTensor?];
    const [, columns] = rowsAndColumns(v.shape);
    const count = sizeOf(v.shape);
    const values = { weights, dv: op.outputs[0]!, factor: scale / columns, byC: divisorOf(columns), count };
    return [launch("weightedMeanBackward", [sharedBlocksFor(count, multiprocessors), 1], values)];
  },
};
