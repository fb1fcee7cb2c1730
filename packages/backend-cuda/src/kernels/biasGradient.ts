import { Arguments } from "./arguments.js";
import type { OpKernel } from "./op.js";
import { rowsAndColumns } from "./rowsAndColumns.js";

/** Columns of a block, as in kernels/biasGradient.cu. */
const columnsPerBlock = 32;
/** Rows that are worth a block of their own. */
const leastRowsPerStretch = 128;

/** biasAddBackward, alone. */
export const biasAddBackward: OpKernel = {
  launches(op, context) {
    const [gradient] = op.inputs;
    const [rows, columns] = rowsAndColumns(gradient!.shape);
    const groups = Math.ceil(columns / columnsPerBlock);
    const wanted = Math.max(
      1,
      Math.min(Math.ceil(rows / leastRowsPerStretch), Math.ceil((2 * context.multiprocessors) / groups)),
    );
    const rowsPerStretch = Math.ceil(rows / wanted);
    const stretches = Math.ceil(rows / rowsPerStretch);
    return [
      {
        kernel: "biasGradient",
        grid: [groups, stretches],
        arguments: new Arguments()
          .pointer(gradient!.address)
          .pointer(op.outputs[0]!.address)
          .pointer(context.scratch(stretches * columns * 4))
          .pointer(context.scratch(groups * 4))
          .int(rows, columns, rowsPerStretch),
      },
    ];
  },
};
