import { attributesOf, chainParts, type OpInstance } from "@convoy/core/backend";
import type { OpKernel } from "./opKernel.js";
import { activationFits, denseForward, forwardLaunch } from "./product/forward.js";

export const fusedDense: OpKernel = {
  supports(op) {
    const { transposeA, transposeB } = attributesOf("matMul", chainParts<OpInstance>(op).head);
    return transposeA || transposeB ? "the fused dense kernel takes no transposed operands" : activationFits(op);
  },
  launches: (op, context) => [forwardLaunch(denseForward(op), context)],
};
