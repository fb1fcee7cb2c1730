import { dropoutThreshold, sizeOf, streamPurposes } from "@convoy/core/backend";
import { Arguments } from "./arguments.js";
import { sharedBlocksFor } from "./launch.js";
import { attributesOf, type OpKernel } from "./op.js";

export const dropout: OpKernel = {
  launches(op, { multiprocessors, stepTable, stepState }) {
    const { rate, instance } = attributesOf("dropout", op);
    const count = sizeOf(op.outputs[0]!.shape);
    return [
      {
        kernel: "dropout",
        grid: [sharedBlocksFor(Math.ceil(count / 2), multiprocessors), 1],
        arguments: new Arguments()
          .pointer(op.inputs[0]!.address)
          .pointer(op.outputs[0]!.address)
          .pointer(stepTable)
          .pointer(stepState)
          .int(streamPurposes.dropout, instance, dropoutThreshold(rate))
          .float(1 / (1 - rate))
          .int(count),
      },
    ];
  },
};
