import { attributesOf, sizeOf } from "@convoy/core/backend";
import { constants } from "./arguments/structs.js";
import { type Launch, launch, sharedBlocksFor } from "./launch.js";
import type { DeviceOp, DeviceTensor, LaunchContext, OpKernel } from "./opKernel.js";

/** Averages that one launch updates at most. */
export const maxAverages: number = constants.maxAverages;

export const movingAverage: OpKernel = {
  launches: (op, context) => [movingAverageLaunch([op], context)],
};

/** Up to four averages in one launch. */
export function movingAverageLaunch(ops: readonly DeviceOp[], { multiprocessors }: LaunchContext): Launch {
  const averages = ops.map((op) => {
    const { momentum } = attributesOf("movingAverage", op);
    const [state, value] = op.inputs as [DeviceTensor, DeviceTensor];
    return { state, value, momentum, oneMinusMomentum: 1 - momentum, count: sizeOf(state.shape) };
  });
  const largest = Math.max(...averages.map(({ count }) => count));
  const grid = [sharedBlocksFor(largest, multiprocessors), averages.length] as const;
  return launch("movingAverage", grid, { all: { averages } });
}
