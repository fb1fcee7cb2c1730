import { attributesOf, sizeOf } from "@convoy/core/backend";
import { blocksFor, launch, sharedBlocksFor } from "./launch.js";
import type { OpKernel } from "./opKernel.js";
import { rowSums } from "./rowSums.js";

export const penalty: OpKernel = {
  launches(op, context) {
    const { l1, l2, scale } = attributesOf("penalty", op);
    const [w, loss] = [op.inputs[0]!, op.outputs[0]!];
    const count = sizeOf(w.shape);
    const blocks = Math.min(blocksFor(count), context.multiprocessors * 2);
    return [launch("penalty", [blocks, 1], { w, loss, sums: rowSums(1, blocks, context), l1, l2, scale, count })];
  },
};

export const penaltyBackward: OpKernel = {
  launches(op, { multiprocessors }) {
    const { l1, l2, scale } = attributesOf("penaltyBackward", op);
    const [w, dw] = [op.inputs[0]!, op.outputs[0]!];
    const count = sizeOf(w.shape);
    return [launch("penaltyBackward", [sharedBlocksFor(count, multiprocessors), 1], { w, dw, l1, l2, scale, count })];
  },
};
