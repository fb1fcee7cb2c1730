import { attributesOf, sizeOf } from "@convoy/core/backend";
import { launch, sharedBlocksFor } from "./launch.js";
import type { OpKernel } from "./opKernel.js";

export const affine: OpKernel = {
  launches(op, { multiprocessors }) {
    const { scale, offset } = attributesOf("affine", op);
    const [x, y] = [op.inputs[0]!, op.outputs[0]!];
    const count = sizeOf(y.shape);
    return [launch("affine", [sharedBlocksFor(count, multiprocessors), 1], { x, y, scale, offset, count })];
  },
};
