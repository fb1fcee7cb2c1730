import { attributesOf, sizeOf } from "@convoy/core/backend";
import { launch, sharedBlocksFor } from "./launch.js";
import type { OpKernel } from "./opKernel.js";

/** Of a card by itself, which is the only rank: y = weight x. */
export const allReduce: OpKernel = {
  launches(op, { multiprocessors }) {
    const { weight } = attributesOf("allReduce", op);
    const [x, y] = [op.inputs[0]!, op.outputs[0]!];
    const count = sizeOf(y.shape);
    const blocks = sharedBlocksFor(count, multiprocessors);
    return [launch("affine", [blocks, 1], { x, y, scale: weight, offset: 0, count })];
  },
};
