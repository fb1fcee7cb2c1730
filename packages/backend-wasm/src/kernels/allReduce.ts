import { attributesOf, sizeOf } from "@convoy/core/backend";
import { elementBlocks, launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";

/** Elements of one task: 32 KB. */
const taskElements = 8192;

/** Of a process by itself, which is the only rank: y = weight x. */
export const allReduce: OpEncoder = (op, writer) => {
  const [x, y] = [op.inputs[0]!, op.outputs[0]!];
  const { weight } = attributesOf("allReduce", op);
  const length = sizeOf(x.shape);
  const { block, tasks } = elementBlocks(length, taskElements);
  writer.stage(launch("affine", tasks, { x: x.address, y: y.address, length, block, scale: weight, offset: 0 }));
};
