import { dropoutThreshold, sizeOf, streamPurposes } from "@convoy/core/backend";
import type { OpEncoder } from "../program/opWriter.js";
import { blocks, phase, rowBlocks } from "../program/phase.js";

/** Elements of one task: 32 KB. */
const elementsOfTask = 8192;

export const add: OpEncoder = ({ inputs: [a, b], outputs: [y] }, writer) => {
  const length = sizeOf(a!.shape);
  const { block, tasks } = blocks(length, elementsOfTask);
  writer.stage(phase("add", tasks, { a: a!.address, b: b!.address, y: y!.address, length, block }));
};

export const biasAdd: OpEncoder = ({ inputs: [x, bias], outputs: [y] }, writer) => {
  const channels = sizeOf(bias!.shape);
  const rows = sizeOf(x!.shape) / channels;
  const { block, tasks } = rowBlocks(rows, channels, elementsOfTask);
  const settings = { x: x!.address, bias: bias!.address, y: y!.address, rows, channels, block };
  writer.stage(phase("biasAdd", tasks, settings));
};

export const dropout: OpEncoder = ({ inputs: [x], outputs: [y], attributes }, writer) => {
  const { rate, instance } = attributes as { rate: number; instance: number };
  const length = sizeOf(x!.shape);
  const { block, tasks } = blocks(length, elementsOfTask);
  writer.stage(
    phase("dropout", tasks, {
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

export const clipByValue: OpEncoder = ({ inputs: [gradients], attributes }, writer) => {
  const length = sizeOf(gradients!.shape);
  const { block, tasks } = blocks(length, elementsOfTask);
  const { limit } = attributes as { limit: number };
  writer.stage(phase("clipByValue", tasks, { gradients: gradients!.address, length, block, limit }));
};
