import { attributesOf, sizeOf } from "@convoy/core/backend";
import { launch, sharedBlocksFor } from "./launch.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";

export const maximum: OpKernel = {
  launches(op, { multiprocessors }) {
    const [a, b] = op.inputs as [DeviceTensor, DeviceTensor];
    const y = op.outputs[0]!;
    const count = sizeOf(y.shape);
    return [launch("maximum", [sharedBlocksFor(count, multiprocessors), 1], { a, b, y, count })];
  },
};

export const maximumBackward: OpKernel = {
  launches(op, { multiprocessors }) {
    const { input } = attributesOf("maximumBackward", op);
    const [dy, a, b] = op.inputs as [DeviceTensor, DeviceTensor, DeviceTensor];
    const dx = op.outputs[0]!;
    const count = sizeOf(dx.shape);
    return [launch("maximumBackward", [sharedBlocksFor(count, multiprocessors), 1], { dy, a, b, dx, input, count })];
  },
};
