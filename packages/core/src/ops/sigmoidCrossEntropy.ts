import { expectSameShape } from "./checks.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";
import { expectWeights } from "./lossShapes.js";
import type { LossBackwardAttributes } from "./softmaxCrossEntropy.js";

/**
 * p = sigmoid(x); loss = sum over rows of w * mean over c of max(x, 0) - x t + ln(1 + e^-|x|), the form that neither
 * overflows nor takes ln 0.
 */
export const sigmoidCrossEntropy: OpDefinition<Record<never, never>> = {
  summary:
    "sigmoid and binary cross-entropy as one: logits [...,C], targets [...,C], weights [...] -> summed loss [1], probabilities [...,C]",
  inputs: ["logits", "targets", "weights"],
  optionalInputs: 1,
  outputs: ["lossSum", "probabilities"],
  inferOutputs([logits, targets, weights]) {
    expectSameShape("sigmoidCrossEntropy: targets", targets!.shape, logits!.shape);
    expectWeights("sigmoidCrossEntropy", logits!, weights);
    return [float32([1]), float32(logits!.shape)];
  },
  gradient({ inputs: [, targets, weights], outputs: [, probabilities], lossScale, emit }) {
    const inputs = [probabilities!, targets!, ...(weights ? [weights] : [])];
    return emit("sigmoidCrossEntropyBackward", inputs, { scale: lossScale });
  },
  flops: ([logits]) => 8 * sizeOf(logits!.shape),
};

/** dx[c] = scale * w * (p[c] - t[c]) / C */
export const sigmoidCrossEntropyBackward: OpDefinition<LossBackwardAttributes> = {
  summary: "gradient of sigmoidCrossEntropy: probabilities [...,C], targets [...,C], weights [...] -> [...,C]",
  inputs: ["probabilities", "targets", "weights"],
  optionalInputs: 1,
  outputs: ["logitsGradient"],
  inferOutputs([probabilities, targets, weights]) {
    expectSameShape("sigmoidCrossEntropyBackward: targets", targets!.shape, probabilities!.shape);
    expectWeights("sigmoidCrossEntropyBackward", probabilities!, weights);
    return [float32(probabilities!.shape)];
  },
  flops: ([probabilities]) => 3 * sizeOf(probabilities!.shape),
};
