import { attributesOf, sizeOf } from "@convoy/core/backend";
import { launch, sharedBlocksFor, sumOverCards } from "./launch.js";
import type { OpKernel } from "./opKernel.js";

/** y = sum over cards of weight x: NCCL's, in place. A card by itself is the only one. */
export const allReduce: OpKernel = {
  launches(op, { multiprocessors, inGroup }) {
    const { weight } = attributesOf("allReduce", op);
    const [x, y] = [op.inputs[0]!, op.outputs[0]!];
    const count = sizeOf(y.shape);
    const isInPlace = x.address === y.address && weight === 1;
    const blocks = sharedBlocksFor(count, multiprocessors);
    const weighted = launch("affine", [blocks, 1], { x, y, scale: weight, offset: 0, count });
    return [...(isInPlace ? [] : [weighted]), ...(inGroup ? [sumOverCards(y.address, count)] : [])];
  },
};
