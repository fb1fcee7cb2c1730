import { sizeOf } from "@convoy/core/backend";
import { launch, sharedBlocksFor } from "./launch.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";

export const labelHistogram: OpKernel = {
  launches(op, { multiprocessors }) {
    const [predictions, labels, counts] = op.inputs as [DeviceTensor, DeviceTensor, DeviceTensor];
    const count = sizeOf(predictions.shape);
    const values = { predictions, labels, counts, buckets: counts.shape[1]!, count };
    return [launch("labelHistogram", [sharedBlocksFor(count, multiprocessors), 1], values)];
  },
};
