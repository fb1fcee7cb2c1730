import { attributesOf, sizeOf } from "@convoy/core/backend";
import { type Argument, elementBlocks, launch, rowBlocks } from "../program/launch.js";
import { type OpEncoder, ScratchLayout } from "../program/opWriter.js";

/** Elements of one task: 32 KB. */
const taskElements = 8192;

export const fillBoxes: OpEncoder = (op, writer) => {
  const [x, boxes, fill] = op.inputs;
  const { values } = attributesOf("fillBoxes", op);
  const [N, H, W, C] = x!.shape as [number, number, number, number];
  const { block, tasks } = rowBlocks(N * H, W * C, taskElements);
  const places = { x: x!.address, boxes: boxes!.address, fill: fill?.address ?? 0, y: op.outputs[0]!.address };
  const following = fill ? [] : values.map((value, c): Argument => ({ name: `value${c}`, type: "f32", value }));
  writer.stage(launch("fillBoxes", tasks, { ...places, H, W, C, rows: N * H, block }, following));
};

export const mixRows: OpEncoder = (op, writer) => {
  const [x, partners, weights] = op.inputs;
  const rows = x!.shape[0]!;
  const rowSize = sizeOf(x!.shape) / rows;
  const { block, tasks: pieces } = elementBlocks(rowSize, taskElements);
  const places = { x: x!.address, partners: partners!.address, weights: weights?.address ?? 0 };
  const y = op.outputs[0]!.address;
  writer.stage(launch("mixRows", rows * pieces, { ...places, y, rows, rowSize, block, pieces }));
};

export const filterAxis: OpEncoder = (op, writer) => {
  const [x, kernels] = op.inputs;
  const { axis } = attributesOf("filterAxis", op);
  const [N, H, W, C] = x!.shape as [number, number, number, number];
  const K = kernels!.shape[1]!;
  const rowSize = W * C;
  const { block, tasks } = rowBlocks(N * H, rowSize, taskElements);
  const layout = new ScratchLayout();
  layout.bytes = 0;
  layout.place((W + K - 1) * C * 4);
  writer.scratch(layout.bytes);
  const places = { x: x!.address, kernels: kernels!.address, y: op.outputs[0]!.address };
  writer.stage(launch("filterAxis", tasks, { ...places, H, rowSize, C, K, axis, rows: N * H, block }));
};
