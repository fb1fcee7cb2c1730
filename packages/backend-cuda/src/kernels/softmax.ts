import { launch } from "./launch.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";
import { rowBlocks, rowsAndColumns } from "./rowSums.js";

export const softmax: OpKernel = {
  launches(op, { multiprocessors }) {
    const [x, y] = [op.inputs[0]!, op.outputs[0]!];
    const [rows, C] = rowsAndColumns(y.shape);
    return [launch("softmax", [rowBlocks(rows, multiprocessors * 4), 1], { x, y, rows, C })];
  },
};

export const softmaxBackward: OpKernel = {
  launches(op, { multiprocessors }) {
    const [dy, y] = op.inputs as [DeviceTensor, DeviceTensor];
    const dx = op.outputs[0]!;
    const [rows, C] = rowsAndColumns(dx.shape);
    return [launch("softmaxBackward", [rowBlocks(rows, multiprocessors * 4), 1], { dy, y, dx, rows, C })];
  },
};
