import type { OpKernel } from "./opKernel.js";
import { convolutionForward, forwardLaunch } from "./product/forward.js";

export const conv2d: OpKernel = {
  launches: (op, context) => [forwardLaunch(convolutionForward(op), context)],
};
