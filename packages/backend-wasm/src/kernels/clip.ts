import { attributesOf, sizeOf } from "@convoy/core/backend";
import { elementBlocks, launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";

/** Elements of one task: 32 KB. */
const taskElements = 8192;
/** Elements whose squares one task adds up. */
const sumElements = 16384;

export const clipByValue: OpEncoder = (op, writer) => {
  const [gradients] = op.inputs;
  const { limit } = attributesOf("clipByValue", op);
  const length = sizeOf(gradients!.shape);
  const { block, tasks } = elementBlocks(length, taskElements);
  writer.stage(launch("clipByValue", tasks, { gradients: gradients!.address, length, block, limit }));
};

export const clipByNorm: OpEncoder = (op, writer) => {
  const [gradients] = op.inputs;
  const { limit } = attributesOf("clipByNorm", op);
  const length = sizeOf(gradients!.shape);
  const { block, tasks } = elementBlocks(length, sumElements);
  const partials = writer.workspace(tasks * 8);
  const args = { gradients: gradients!.address, partials, length, block };
  writer.stage(launch("sumSquares", tasks, args));
  writer.stage(launch("clipByNorm", tasks, { ...args, blocks: tasks, limit }));
};
