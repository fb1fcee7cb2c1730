import { attributesOf, sizeOf } from "@convoy/core/backend";
import { launch, sharedBlocksFor } from "./launch.js";
import type { OpKernel } from "./opKernel.js";
import { rowSums } from "./rowSums.js";

export const clipByValue: OpKernel = {
  launches(op, { multiprocessors }) {
    const g = op.inputs[0]!;
    const count = sizeOf(g.shape);
    const { limit } = attributesOf("clipByValue", op);
    return [launch("clipByValue", [sharedBlocksFor(count, multiprocessors), 1], { g, limit, count })];
  },
};

export const clipByNorm: OpKernel = {
  launches(op, context) {
    const g = op.inputs[0]!;
    const count = sizeOf(g.shape);
    const { limit } = attributesOf("clipByNorm", op);
    const blocks = sharedBlocksFor(count, context.multiprocessors);
    const norm = context.scratch(4);
    return [
      launch("gradientNorm", [blocks, 1], { g, norm, sums: rowSums(1, blocks, context), count }),
      launch("clipByNorm", [blocks, 1], { g, norm, limit, count }),
    ];
  },
};
