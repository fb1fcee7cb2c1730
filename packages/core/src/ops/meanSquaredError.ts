import { expectSameShape } from "./checks.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";
import { expectWeights } from "./lossShapes.js";
import type { LossBackwardAttributes } from "./softmaxCrossEntropy.js";

/** loss = sum over rows of w * mean over c of (x[c] - t[c])^2 */
export const meanSquaredError: OpDefinition<Record<never, never>> = {
  summary: "squared error: predictions [...,C], targets [...,C], weights [...] -> summed loss [1]",
  inputs: ["predictions", "targets", "weights"],
  optionalInputs: 1,
  outputs: ["lossSum"],
  inferOutputs([predictions, targets, weights]) {
    expectSameShape("meanSquaredError: targets", targets!.shape, predictions!.shape);
    expectWeights("meanSquaredError", predictions!, weights);
    return [float32([1])];
  },
  gradient({ inputs, lossScale, emit }) {
    return emit("meanSquaredErrorBackward", inputs, { scale: lossScale });
  },
  flops: ([predictions]) => 3 * sizeOf(predictions!.shape),
};

/** dx[c] = scale * w * 2 (x[c] - t[c]) / C */
export const meanSquaredErrorBackward: OpDefinition<LossBackwardAttributes> = {
  summary: "gradient of meanSquaredError: predictions [...,C], targets [...,C], weights [...] -> [...,C]",
  inputs: ["predictions", "targets", "weights"],
  optionalInputs: 1,
  outputs: ["predictionsGradient"],
  inferOutputs([predictions, targets, weights]) {
    expectSameShape("meanSquaredErrorBackward: targets", targets!.shape, predictions!.shape);
    expectWeights("meanSquaredErrorBackward", predictions!, weights);
    return [float32(predictions!.shape)];
  },
  flops: ([predictions]) => 3 * sizeOf(predictions!.shape),
};
