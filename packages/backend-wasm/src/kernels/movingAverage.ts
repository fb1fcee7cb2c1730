import { attributesOf, sizeOf } from "@convoy/core/backend";
import { elementBlocks, launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";

/** Numbers of one task. */
const taskElements = 8192;

export const movingAverage: OpEncoder = (op, writer) => {
  const [state, value] = op.inputs;
  const { momentum } = attributesOf("movingAverage", op);
  const length = sizeOf(state!.shape);
  const { block, tasks } = elementBlocks(length, taskElements);
  const args = { state: state!.address, value: value!.address, length, block, momentum, share: 1 - momentum };
  writer.stage(launch("movingAverage", tasks, args));
};
