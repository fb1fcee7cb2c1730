import { sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import { launch, sharedBlocksFor } from "./launch.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";
import { rowsAndColumns } from "./rowSums.js";

/** Columns of a block, as in kernels/biasAdd.cu. */
const columnsPerBlock = 32;
/** Rows that are worth a block of their own. */
const minRowsPerStretch = 128;

export const biasAdd: OpKernel = {
  launches(op, { multiprocessors }) {
    const [x, bias] = op.inputs as [DeviceTensor, DeviceTensor];
    const y = op.outputs[0]!;
    const count = sizeOf(y.shape);
    const byC = divisorOf(bias.shape[0]!);
    return [launch("biasAdd", [sharedBlocksFor(count, multiprocessors), 1], { x, bias, y, byC, count })];
  },
};

export const biasAddBackward: OpKernel = {
  launches(op, context) {
    const dy = op.inputs[0]!;
    const [rows, columns] = rowsAndColumns(dy.shape);
    const groups = Math.ceil(columns / columnsPerBlock);
    const wanted = Math.max(
      1,
      Math.min(Math.ceil(rows / minRowsPerStretch), Math.ceil((2 * context.multiprocessors) / groups)),
    );
    const rowsPerStretch = Math.ceil(rows / wanted);
    const stretches = Math.ceil(rows / rowsPerStretch);
    return [
      launch("biasGradient", [groups, stretches], {
        dy,
        db: op.outputs[0]!,
        partial: context.scratch(stretches * columns * 4),
        counters: context.scratch(groups * 4),
        rows,
        C: columns,
        rowsPerStretch,
      }),
    ];
  },
};
