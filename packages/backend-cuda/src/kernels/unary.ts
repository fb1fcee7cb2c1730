import { attributesOf, sizeOf, type UnaryFunction } from "@convoy/core/backend";
import { activationOf } from "./activation.js";
import { launch, sharedBlocksFor } from "./launch.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";

export const unary: OpKernel = {
  launches(op, { multiprocessors }) {
    const attributes = attributesOf("unary", op);
    const [x, y] = [op.inputs[0]!, op.outputs[0]!];
    const count = sizeOf(y.shape);
    const grid = [sharedBlocksFor(count, multiprocessors), 1] as const;
    const f = activationOf(attributes);
    return f
      ? [launch("unary", grid, { x, y, f, count })]
      : [launch("UNARY", grid, { x, y, alpha: attributes.alpha, count }, kernelOf("unary", attributes.function))];
  },
};

export const unaryBackward: OpKernel = {
  launches(op, { multiprocessors }) {
    const attributes = attributesOf("unaryBackward", op);
    const { function: name, alpha } = attributes;
    const [dy, operand] = op.inputs as [DeviceTensor, DeviceTensor];
    const dx = op.outputs[0]!;
    const count = sizeOf(dx.shape);
    const grid = [sharedBlocksFor(count, multiprocessors), 1] as const;
    const f = activationOf(attributes);
    return f
      ? [launch("unaryBackward", grid, { dy, y: operand, dx, f, count })]
      : [launch("UNARY_BACKWARD", grid, { dy, operand, dx, alpha, count }, kernelOf("unaryBackward", name))];
  },
};

/** The kernel that a function has of its own. */
function kernelOf(op: "unary" | "unaryBackward", name: UnaryFunction): string {
  return `${op}${name[0]!.toUpperCase()}${name.slice(1)}`;
}
