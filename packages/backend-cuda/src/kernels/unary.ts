import { attributesOf, sizeOf } from "@convoy/core/backend";
import { activationOf } from "./activation.js";
import { launch, sharedBlocksFor } from "./launch.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";

export const unary: OpKernel = {
  launches(op, { multiprocessors }) {
    const [x, y] = [op.inputs[0]!, op.outputs[0]!];
    const count = sizeOf(y.shape);
    const f = activationOf(attributesOf("unary", op));
    return [launch("unary", [sharedBlocksFor(count, multiprocessors), 1], { x, y, f, count })];
  },
};

export const unaryBackward: OpKernel = {
  launches(op, { multiprocessors }) {
    const [dy, y] = op.inputs as [DeviceTensor, DeviceTensor];
    const dx = op.outputs[0]!;
    const count = sizeOf(dx.shape);
    const f = activationOf(attributesOf("unaryBackward", op));
    return [launch("unaryBackward", [sharedBlocksFor(count, multiprocessors), 1], { dy, y, dx, f, count })];
  },
};
