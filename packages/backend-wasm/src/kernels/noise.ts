import { attributesOf, firstElement, sizeOf, streamPurposes } from "@convoy/core/backend";
import { elementBlocks, launch } from "../program/launch.js";
import type { OpEncoder, WasmOp } from "../program/opWriter.js";

/** Elements of one task: few, because each takes a hundred operations. */
const taskElements = 2048;

function noiseArguments(op: WasmOp) {
  const [x, y] = [op.inputs[0]!, op.outputs[0]!];
  const attributes = attributesOf("gaussianNoise", op);
  const { stddev, instance } = attributes;
  const first = firstElement(attributes, x.shape) % 2 ** 32;
  const length = sizeOf(x.shape);
  const { block, tasks } = elementBlocks(length, taskElements);
  const places = { x: x.address, y: y.address };
  return { tasks, args: { ...places, length, block, purpose: streamPurposes.noise, instance, first, stddev } };
}

export const gaussianNoise: OpEncoder = (op, writer) => {
  const { tasks, args } = noiseArguments(op);
  writer.stage(launch("gaussianNoise", tasks, args));
};

export const gaussianDropout: OpEncoder = (op, writer) => {
  const { tasks, args } = noiseArguments(op);
  writer.stage(launch("gaussianDropout", tasks, args));
};
