import { attributesOf, type Shape } from "@convoy/core/backend";
import { launch, rowBlocks } from "../program/launch.js";
import { type OpEncoder, type OpWriter, ScratchLayout } from "../program/opWriter.js";

/** Elements of one task: 32 KB, and enough for the table of columns not to count. */
const taskElements = 8192;

/** Arguments and tasks of a resizing from [N,H,W,C] to [N,OH,OW,_], in `rows` rows of `rowNumbers` numbers that are written. */
function resizing(
  writer: OpWriter,
  input: Shape,
  output: Shape,
  interpolation: string,
  [rows, rowNumbers]: readonly [number, number],
) {
  const [, H, W, C] = input as [number, number, number, number];
  const [, OH, OW] = output as [number, number, number];
  const scratch = new ScratchLayout();
  scratch.bytes = 0;
  scratch.place(OW * 8);
  const rowOffset = scratch.place(Math.max(W, OW) * C * 4);
  const sumsOffset = scratch.place(W * C * 4);
  writer.scratch(scratch.bytes);
  const { block, tasks } = rowBlocks(rows, rowNumbers, taskElements);
  const bilinear = Number(interpolation === "bilinear");
  return { tasks, args: { H, W, C, OH, OW, bilinear, rows, block, rowOffset, sumsOffset } };
}

export const resize2d: OpEncoder = (op, writer) => {
  const [x, y] = [op.inputs[0]!, op.outputs[0]!];
  const { interpolation } = attributesOf("resize2d", op);
  const [N, OH, OW, C] = y.shape as [number, number, number, number];
  const { tasks, args } = resizing(writer, x.shape, y.shape, interpolation, [N * OH, OW * C]);
  writer.stage(launch("resize2d", tasks, { x: x.address, y: y.address, ...args }));
};

export const resize2dBackward: OpEncoder = (op, writer) => {
  const [dy, dx] = [op.inputs[0]!, op.outputs[0]!];
  const { interpolation } = attributesOf("resize2dBackward", op);
  const [N, H, W, C] = dx.shape as [number, number, number, number];
  const { tasks, args } = resizing(writer, dx.shape, dy.shape, interpolation, [N * H, W * C]);
  writer.stage(launch("resize2dBackward", tasks, { dy: dy.address, dx: dx.address, ...args }));
};
