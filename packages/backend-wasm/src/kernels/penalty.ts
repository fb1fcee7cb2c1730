import { attributesOf, sizeOf } from "@convoy/core/backend";
import { elementBlocks, launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";
import { partialSums } from "./sumPartials.js";

/** Parameters of one task: 32 KB. */
const taskParameters = 8192;

export const penalty: OpEncoder = (op, writer) => {
  const [w, lossSum] = [op.inputs[0]!, op.outputs[0]!];
  const { l1, l2, scale } = attributesOf("penalty", op);
  const length = sizeOf(w.shape);
  const { block, tasks } = elementBlocks(length, taskParameters);
  const partials = partialSums(writer, tasks, 1, lossSum.address);
  const factors = { l1: scale * l1, l2: scale * l2 };
  writer.stage(launch("penalty", tasks, { w: w.address, partials: partials.address, length, block, ...factors }));
  writer.stage(...partials.finish);
};

export const penaltyBackward: OpEncoder = (op, writer) => {
  const [w, dw] = [op.inputs[0]!, op.outputs[0]!];
  const { l1, l2, scale } = attributesOf("penaltyBackward", op);
  const length = sizeOf(w.shape);
  const { block, tasks } = elementBlocks(length, taskParameters);
  const factors = { l1: scale * l1, l2: 2 * scale * l2 };
  writer.stage(launch("penaltyBackward", tasks, { w: w.address, dw: dw.address, length, block, ...factors }));
};
