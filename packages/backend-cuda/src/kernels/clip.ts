import { sizeOf } from "@convoy/core/backend";
import { Arguments } from "./arguments.js";
import { sharedBlocksFor } from "./launch.js";
import { attributesOf, type OpKernel } from "./op.js";
import { packRowSums } from "./rowsAndColumns.js";

export const clipByValue: OpKernel = {
  launches(op, { multiprocessors }) {
    const [gradients] = op.inputs;
    const count = sizeOf(gradients!.shape);
    const { limit } = attributesOf("clipByValue", op);
    return [
      {
        kernel: "clipByValue",
        grid: [sharedBlocksFor(count, multiprocessors), 1],
        arguments: new Arguments().pointer(gradients!.address).float(limit).int(count),
      },
    ];
  },
};

export const clipByNorm: OpKernel = {
  launches(op, context) {
    const [gradients] = op.inputs;
    const count = sizeOf(gradients!.shape);
    const { limit } = attributesOf("clipByNorm", op);
    const blocks = sharedBlocksFor(count, context.multiprocessors);
    const norm = context.scratch(4);
    return [
      {
        kernel: "gradientNorm",
        grid: [blocks, 1],
        arguments: new Arguments()
          .pointer(gradients!.address)
          .pointer(norm)
          .struct((to) => packRowSums(to, 1, blocks, context))
          .int(count),
      },
      {
        kernel: "clipByNorm",
        grid: [blocks, 1],
        arguments: new Arguments().pointer(gradients!.address).pointer(norm).float(limit).int(count),
      },
    ];
  },
};
