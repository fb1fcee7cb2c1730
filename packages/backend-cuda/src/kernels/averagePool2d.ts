import { attributesOf, sizeOf } from "@convoy/core/backend";
import { blocksFor, launch } from "./launch.js";
import type { OpKernel } from "./opKernel.js";
import { poolingShape } from "./poolingShape.js";

/** One output a thread. */
export const averagePool2d: OpKernel = {
  launches(op) {
    const [x, y] = [op.inputs[0]!, op.outputs[0]!];
    const shape = poolingShape(x.shape, y.shape, attributesOf("averagePool2d", op));
    return [launch("averagePool2d", [blocksFor(sizeOf(y.shape)), 1], { x, y, shape })];
  },
};

/** One position of the input a thread. */
export const averagePool2dBackward: OpKernel = {
  launches(op) {
    const [dy, dx] = [op.inputs[0]!, op.outputs[0]!];
    const attributes = attributesOf("averagePool2dBackward", op);
    const shape = poolingShape(attributes.inputShape, dy.shape, attributes);
    return [launch("averagePool2dBackward", [blocksFor(sizeOf(dx.shape)), 1], { dy, dx, shape })];
  },
};
