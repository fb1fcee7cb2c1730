import { attributesOf, dropoutThreshold, sizeOf, streamPurposes } from "@convoy/core/backend";
import { launch, sharedBlocksFor } from "./launch.js";
import type { OpKernel } from "./opKernel.js";

export const dropout: OpKernel = {
  launches(op, { multiprocessors, stepTable, stepState }) {
    const { rate, instance } = attributesOf("dropout", op);
    const y = op.outputs[0]!;
    const count = sizeOf(y.shape);
    return [
      launch("dropout", [sharedBlocksFor(Math.ceil(count / 2), multiprocessors), 1], {
        x: op.inputs[0]!,
        y,
        table: stepTable,
        state: stepState,
        purpose: streamPurposes.dropout,
        instance,
        threshold: dropoutThreshold(rate),
        factor: 1 / (1 - rate),
        count,
      }),
    ];
  },
};
