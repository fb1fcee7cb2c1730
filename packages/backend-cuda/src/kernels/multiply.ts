import { sizeOf } from "@convoy/core/backend";
import { launch, sharedBlocksFor } from "./launch.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";

export const multiply: OpKernel = {
  launches(op, { multiprocessors }) {
    const [a, b] = op.inputs as [DeviceTensor, DeviceTensor];
    const y = op.outputs[0]!;
    const count = sizeOf(y.shape);
    return [launch("multiply", [sharedBlocksFor(count, multiprocessors), 1], { a, b, y, count })];
  },
};
