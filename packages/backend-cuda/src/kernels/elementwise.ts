import { sizeOf } from "@convoy/core/backend";
import { packActivation } from "./activation.js";
import { Arguments } from "./arguments.js";
import { packDivisor } from "./divisor.js";
import { sharedBlocksFor } from "./launch.js";
import { attributesOf, type BoundOp, type LaunchContext, type OpKernel } from "./op.js";

export const unary: OpKernel = elementwise("unary", (to, op) => packActivation(to, attributesOf("unary", op)));

export const unaryBackward: OpKernel = elementwise("unaryBackward", (to, op) =>
  packActivation(to, attributesOf("unaryBackward", op)),
);

export const add: OpKernel = elementwise("add");

export const biasAdd: OpKernel = elementwise("biasAdd", (to, op) => packDivisor(to, op.inputs[1]!.shape[0]!));

/** Inputs, the output, what `pack` adds, and the number of elements. */
function elementwise(kernel: string, pack?: (to: Arguments, op: BoundOp) => void): OpKernel {
  return {
    launches(op, { multiprocessors }: LaunchContext) {
      const output = op.outputs[0]!;
      const count = sizeOf(output.shape);
      const packed = new Arguments();
      for (const { address } of [...op.inputs, output]) {
        packed.pointer(address);
      }
      pack?.(packed, op);
      return [{ kernel, grid: [sharedBlocksFor(count, multiprocessors), 1], arguments: packed.int(count) }];
    },
  };
}
