import { sizeOf } from "@convoy/core/backend";
import { Arguments } from "./arguments.js";
import { packDivisor } from "./divisor.js";
import { blocksFor, sharedBlocksFor } from "./launch.js";
import { attributesOf, type BoundTensor, type OpKernel } from "./op.js";
import { packRowSums, rowsAndColumns } from "./rowsAndColumns.js";

export const sigmoidCrossEntropy: OpKernel = summedLoss("sigmoidCrossEntropy");

export const meanSquaredError: OpKernel = summedLoss("meanSquaredError");

export const sigmoidCrossEntropyBackward: OpKernel = differenceGradient(
  (columns, op) => attributesOf("sigmoidCrossEntropyBackward", op).scale / columns,
);

export const meanSquaredErrorBackward: OpKernel = differenceGradient(
  (columns, op) => (2 * attributesOf("meanSquaredErrorBackward", op).scale) / columns,
);

function summedLoss(kernel: string): OpKernel {
  return {
    launches(op, context) {
      const [predictions, targets, weights] = op.inputs as [BoundTensor, BoundTensor, BoundTensor?];
      const [, columns] = rowsAndColumns(predictions.shape);
      const count = sizeOf(predictions.shape);
      const blocks = Math.min(blocksFor(count), context.multiprocessors * 2);
      const packed = new Arguments()
        .pointer(predictions.address)
        .pointer(targets.address)
        .pointer(weights?.address ?? 0);
      for (const { address } of op.outputs) {
        packed.pointer(address);
      }
      packed.struct((to) => packRowSums(to, 1, blocks, context)).struct((to) => packDivisor(to, columns));
      return [{ kernel, grid: [blocks, 1], arguments: packed.int(count) }];
    },
  };
}

function differenceGradient(factorOf: (columns: number, op: Parameters<OpKernel["launches"]>[0]) => number): OpKernel {
  return {
    launches(op, { multiprocessors }) {
      const [predictions, targets, weights] = op.inputs as [BoundTensor, BoundTensor, BoundTensor?];
      const [, columns] = rowsAndColumns(predictions.shape);
      const count = sizeOf(predictions.shape);
      return [
        {
          kernel: "differenceGradient",
          grid: [sharedBlocksFor(count, multiprocessors), 1],
          arguments: new Arguments()
            .pointer(predictions.address)
            .pointer(targets.address)
            .pointer(weights?.address ?? 0)
            .pointer(op.outputs[0]!.address)
            .float(factorOf(columns, op))
            .struct((to) => packDivisor(to, columns))
            .int(count),
        },
      ];
    },
  };
}
