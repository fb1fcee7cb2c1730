import { attributesOf, sizeOf } from "@convoy/core/backend";
import { launch, sharedBlocksFor } from "./launch.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";

export const movingAverage: OpKernel = {
  launches(op, { multiprocessors }) {
    const { momentum } = attributesOf("movingAverage", op);
    const [state, value] = op.inputs as [DeviceTensor, DeviceTensor];
    const count = sizeOf(state.shape);
    const values = { state, value, momentum, oneMinusMomentum: 1 - momentum, count };
    return [launch("movingAverage", [sharedBlocksFor(count, multiprocessors), 1], values)];
  },
};
