import { attributesOf } from "@convoy/core/backend";
import { differenceGradient, elementLoss } from "./elementLoss.js";
import { launch } from "./launch.js";
import type { OpKernel } from "./opKernel.js";

export const meanSquaredError: OpKernel = {
  launches(op, context) {
    const { grid, values } = elementLoss(op, context);
    return [launch("meanSquaredError", grid, values)];
  },
};

export const meanSquaredErrorBackward: OpKernel = {
  launches: (op, context) => [differenceGradient(op, 2 * attributesOf("meanSquaredErrorBackward", op).scale, context)],
};
