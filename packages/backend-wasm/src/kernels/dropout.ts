import { attributesOf, dropoutThreshold, sizeOf, streamPurposes } from "@convoy/core/backend";
import { elementBlocks, launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";

/** Elements of one task: 32 KB. */
const taskElements = 8192;

export const dropout: OpEncoder = (op, writer) => {
  const [x] = op.inputs;
  const [y] = op.outputs;
  const { rate, instance } = attributesOf("dropout", op);
  const length = sizeOf(x!.shape);
  const { block, tasks } = elementBlocks(length, taskElements);
  writer.stage(
    launch("dropout", tasks, {
      x: x!.address,
      y: y!.address,
      length,
      block,
      purpose: streamPurposes.dropout,
      instance,
      threshold: dropoutThreshold(rate),
      factor: 1 / (1 - rate),
    }),
  );
};
