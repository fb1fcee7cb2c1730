import { attributesOf, chainParts, isPooling2x2, type OpInstance, takesParts } from "@convoy/core/backend";
import type { OpKernel } from "./opKernel.js";
import { activationFits, convolutionForward, forwardLaunch, only2x2Pooling } from "./product/forward.js";

export const fusedConv2d: OpKernel = {
  supports(op) {
    const { pooling } = chainParts<OpInstance>(op);
    const known = takesParts(op, ["conv2d", "biasAdd", "maxPool2d", "unary"]);
    return known !== true
      ? known
      : pooling && !isPooling2x2(attributesOf("maxPool2d", pooling))
        ? only2x2Pooling
        : activationFits(op);
  },
  launches: (op, context) => [forwardLaunch(convolutionForward(op), context)],
};
