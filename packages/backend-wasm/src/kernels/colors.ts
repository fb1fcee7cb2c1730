import { attributesOf, sizeOf } from "@convoy/core/backend";
import { launch } from "../program/launch.js";
import { type OpEncoder, type OpWriter, ScratchLayout, type WasmOp } from "../program/opWriter.js";
import { wideRowOf } from "./wideRows.js";

/** Elements of one task: 32 KB. */
const taskElements = 8192;

/** Arguments and tasks of an op that goes over pieces of samples, with `tables` of a number a channel in scratch memory. */
function samples(op: WasmOp, writer: OpWriter, tables: number) {
  const [x, y] = [op.inputs[0]!, op.outputs[0]!];
  const [N, channels] = [x.shape[0]!, x.shape[x.shape.length - 1]!];
  const sampleSize = sizeOf(x.shape) / N;
  const width = wideRowOf(channels);
  const block = width * Math.max(1, Math.round(taskElements / width));
  const pieces = Math.ceil(sampleSize / block);
  const layout = new ScratchLayout();
  layout.bytes = 0;
  layout.place(tables * width * 4);
  writer.scratch(layout.bytes);
  const places = { x: x.address, y: y.address };
  return { tasks: N * pieces, args: { ...places, sampleSize, channels, width, block, pieces } };
}

export const scaleChannels: OpEncoder = (op, writer) => {
  const { low, high } = attributesOf("scaleChannels", op);
  const { tasks, args } = samples(op, writer, 3);
  writer.stage(launch("scaleChannels", tasks, { ...args, factors: op.inputs[1]!.address, low, high }));
};

export const adjustContrast: OpEncoder = (op, writer) => {
  const { low, high } = attributesOf("adjustContrast", op);
  const { tasks, args } = samples(op, writer, 3);
  const [, means, factors] = op.inputs;
  const places = { means: means!.address, factors: factors!.address };
  writer.stage(launch("adjustContrast", tasks, { ...args, ...places, low, high }));
};

export const adjustHsv: OpEncoder = (op, writer) => {
  const { low, high } = attributesOf("adjustHsv", op);
  // Scratch memory is for the last pixels, fewer than four.
  const { tasks, args } = samples(op, writer, 1);
  writer.stage(launch("adjustHsv", tasks, { ...args, factors: op.inputs[1]!.address, low, high }));
};
