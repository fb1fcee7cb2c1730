import { attributesOf, chainParts, isPooling2x2, type OpInstance } from "@convoy/core/backend";
import type { OpKernel } from "./opKernel.js";
import { activationFits, convolutionForward, forwardLaunch, only2x2Pooling } from "./product/forward.js";

export const fusedConv2d: OpKernel = {
  supports(op) {
    const { pooling } = chainParts<OpInstance>(op);
    return pooling && !isPooling2x2(attributesOf("maxPool2d", pooling)) ? only2x2Pooling : activationFits(op);
  },
  launches: (op, context) => [forwardLaunch(convolutionForward(op), context)],
};
