import { attributesOf, partOf } from "@convoy/core/backend";
import type { OpKernel } from "./opKernel.js";
import { softmaxLossLaunch } from "./softmaxLoss.js";

export const fusedSoftmaxLoss: OpKernel = {
  supports(op) {
    const accuracy = partOf(op, "accuracy");
    return (
      accuracy === undefined ||
      attributesOf("accuracy", accuracy).labels !== "binary" ||
      "the fused loss counts rows, not elements: binary accuracy runs apart"
    );
  },
  launches: (op, context) => [softmaxLossLaunch(op, context)],
};
