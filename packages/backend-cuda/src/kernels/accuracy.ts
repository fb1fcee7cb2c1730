import { attributesOf } from "@convoy/core/backend";
import type { ArgumentsOf } from "./arguments/pack.js";
import { launch } from "./launch.js";
import type { DeviceOp, DeviceTensor, LaunchContext, OpKernel } from "./opKernel.js";
import { rowLabels } from "./rowLabels.js";
import { rowBlocks, rowSums, rowsAndColumns } from "./rowSums.js";

export const accuracy: OpKernel = {
  launches(op, context) {
    const binary = attributesOf("accuracy", op).labels === "binary";
    const { grid, values } = counting(op, context);
    return [launch(binary ? "binaryAccuracy" : "accuracy", grid, values)];
  },
};

export const topKAccuracy: OpKernel = {
  launches(op, context) {
    const { grid, values } = counting(op, context);
    return [launch("topKAccuracy", grid, { ...values, k: attributesOf("topKAccuracy", op).k })];
  },
};

/** What the kernels have in common. */
function counting(
  op: DeviceOp,
  context: LaunchContext,
): { readonly grid: readonly [number, number]; readonly values: ArgumentsOf<"accuracy"> } {
  const [predictions, labels] = op.inputs as [DeviceTensor, DeviceTensor];
  const [rows, columns] = rowsAndColumns(predictions.shape);
  const blocks = rowBlocks(rows, context.multiprocessors);
  const values = {
    x: predictions,
    labels: rowLabels(labels),
    correct: op.outputs[0]!,
    sums: rowSums(1, blocks, context),
    rows,
    C: columns,
  };
  return { grid: [blocks, 1], values };
}
