import { Arguments } from "./arguments.js";
import type { OpKernel } from "./op.js";
import { rowBlocks, rowsAndColumns } from "./rowsAndColumns.js";

export const softmax: OpKernel = byRows("softmax");

export const softmaxBackward: OpKernel = byRows("softmaxBackward");

function byRows(kernel: string): OpKernel {
  return {
    launches(op, { multiprocessors }) {
      const output = op.outputs[0]!;
      const [rows, columns] = rowsAndColumns(output.shape);
      const packed = new Arguments();
      for (const { address } of [...op.inputs, output]) {
        packed.pointer(address);
      }
      return [{ kernel, grid: [rowBlocks(rows, multiprocessors * 4), 1], arguments: packed.int(rows, columns) }];
    },
  };
}
