import { attributesOf } from "@convoy/core/backend";
import { launch } from "./launch.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";
import { rowLabels } from "./rowLabels.js";
import { rowBlocks, rowsAndColumns } from "./rowSums.js";
import { softmaxLossLaunch } from "./softmaxLoss.js";

export const softmaxCrossEntropy: OpKernel = {
  launches: (op, context) => [softmaxLossLaunch(op, context)],
};

/** From the probabilities, for losses whose parts run apart. */
export const softmaxCrossEntropyBackward: OpKernel = {
  launches(op, { multiprocessors }) {
    const [probabilities, labels, weights] = op.inputs as [DeviceTensor, DeviceTensor, DeviceTensor?];
    const [rows, C] = rowsAndColumns(probabilities.shape);
    return [
      launch("softmaxCrossEntropyBackward", [rowBlocks(rows, multiprocessors * 4), 1], {
        probabilities,
        labels: rowLabels(labels),
        weights,
        gradient: op.outputs[0]!,
        scale: attributesOf("softmaxCrossEntropyBackward", op).scale,
        rows,
        C,
      }),
    ];
  },
};
