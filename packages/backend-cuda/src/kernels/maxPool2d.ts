import { attributesOf, sizeOf } from "@convoy/core/backend";
import { blocksFor, launch } from "./launch.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";
import { poolingShape } from "./poolingShape.js";

/** One output a thread. */
export const maxPool2d: OpKernel = {
  launches(op) {
    const x = op.inputs[0]!;
    const [y, argmax] = op.outputs as [DeviceTensor, DeviceTensor];
    const shape = poolingShape(x.shape, y.shape, attributesOf("maxPool2d", op));
    return [launch("maxPool2d", [blocksFor(sizeOf(y.shape)), 1], { x, y, argmax, shape })];
  },
};

/** One position of the input a thread. */
export const maxPool2dBackward: OpKernel = {
  launches(op) {
    const [dy, argmax] = op.inputs as [DeviceTensor, DeviceTensor];
    const dx = op.outputs[0]!;
    const attributes = attributesOf("maxPool2dBackward", op);
    const shape = poolingShape(attributes.inputShape, dy.shape, attributes);
    return [launch("maxPool2dBackward", [blocksFor(sizeOf(dx.shape)), 1], { dy, argmax, dx, shape })];
  },
};
