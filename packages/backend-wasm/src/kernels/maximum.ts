import { attributesOf, sizeOf } from "@convoy/core/backend";
import { elementBlocks, launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";

/** Elements of one task: 32 KB. */
const taskElements = 8192;

export const maximum: OpEncoder = ({ inputs: [a, b], outputs: [y] }, writer) => {
  const length = sizeOf(a!.shape);
  const { block, tasks } = elementBlocks(length, taskElements);
  writer.stage(launch("maximum", tasks, { a: a!.address, b: b!.address, y: y!.address, length, block }));
};

export const maximumBackward: OpEncoder = (op, writer) => {
  const [dy, a, b] = op.inputs;
  const [dx] = op.outputs;
  const { input } = attributesOf("maximumBackward", op);
  const length = sizeOf(dy!.shape);
  const { block, tasks } = elementBlocks(length, taskElements);
  const args = { dy: dy!.address, a: a!.address, b: b!.address, dx: dx!.address, length, block, input };
  writer.stage(launch("maximumBackward", tasks, args));
};
