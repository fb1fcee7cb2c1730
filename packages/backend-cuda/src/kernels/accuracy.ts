import type { Arguments } from "./arguments.js";
import { Arguments as PackedArguments } from "./arguments.js";
import type { Launch } from "./launch.js";
import { attributesOf, type BoundOp, type BoundTensor, type LaunchContext, type OpKernel } from "./op.js";
import { packRowSums, rowBlocks, rowsAndColumns } from "./rowsAndColumns.js";

export const accuracy: OpKernel = {
  launches(op, context) {
    const binary = attributesOf("accuracy", op).labels === "binary";
    return [countLaunch(binary ? "binaryAccuracy" : "accuracy", op, context)];
  },
};

export const topKAccuracy: OpKernel = {
  launches: (op, context) => [countLaunch("topKAccuracy", op, context, attributesOf("topKAccuracy", op).k)],
};

/** Adds a `Labels` of kernels/rowLabels.h: class numbers or targets, by the element type. */
export function packLabels(to: Arguments, labels: BoundTensor): void {
  const sparse = labels.dtype === "int32";
  to.pointer(sparse ? labels.address : 0).pointer(sparse ? 0 : labels.address);
}

function countLaunch(kernel: string, op: BoundOp, context: LaunchContext, ...settings: number[]): Launch {
  const [predictions, labels] = op.inputs as [BoundTensor, BoundTensor];
  const [rows, columns] = rowsAndColumns(predictions.shape);
  const blocks = rowBlocks(rows, context.multiprocessors);
  return {
    kernel,
    grid: [blocks, 1],
    arguments: new PackedArguments()
      .pointer(predictions.address)
      .struct((to) => packLabels(to, labels))
      .pointer(op.outputs[0]!.address)
      .struct((to) => packRowSums(to, 1, blocks, context))
      .int(rows, columns, ...settings),
  };
}
