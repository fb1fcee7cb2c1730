import { attributesOf } from "@convoy/core/backend";
import { differenceGradient, elementLoss } from "./elementLoss.js";
import { launch } from "./launch.js";
import type { OpKernel } from "./opKernel.js";

export const sigmoidCrossEntropy: OpKernel = {
  launches(op, context) {
    const { grid, values } = elementLoss(op, context);
    return [launch("sigmoidCrossEntropy", grid, { ...values, p: op.outputs[1]! })];
  },
};

export const sigmoidCrossEntropyBackward: OpKernel = {
  launches: (op, context) => [differenceGradient(op, attributesOf("sigmoidCrossEntropyBackward", op).scale, context)],
};
