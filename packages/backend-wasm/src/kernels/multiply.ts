import { sizeOf } from "@convoy/core/backend";
import { elementBlocks, launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";

/** Elements of one task: 32 KB. */
const taskElements = 8192;

export const multiply: OpEncoder = ({ inputs: [a, b], outputs: [y] }, writer) => {
  const length = sizeOf(a!.shape);
  const { block, tasks } = elementBlocks(length, taskElements);
  writer.stage(launch("multiply", tasks, { a: a!.address, b: b!.address, y: y!.address, length, block }));
};
