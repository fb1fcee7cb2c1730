import { float32, type OpDefinition, sizeOf } from "./definition.js";
import { expectLabels, expectWeights, type LabelKind } from "./lossShapes.js";

export interface SoftmaxCrossEntropyAttributes {
  readonly labels: LabelKind;
}

export interface LossBackwardAttributes {
  /** Factor between the sum of sample losses and the loss that is minimised: 1 / number of samples. */
  readonly scale: number;
}

export interface SoftmaxCrossEntropyBackwardAttributes extends SoftmaxCrossEntropyAttributes, LossBackwardAttributes {}

/**
 * p = softmax(logits); loss = sum over rows of w * sum over c of -t[c] ln p[c], with
 * ln p[c] = x[c] - m - ln(sum over k of e^(x[k] - m)): finite for any finite logits. t is one-hot when labels are sparse.
 */
export const softmaxCrossEntropy: OpDefinition<SoftmaxCrossEntropyAttributes> = {
  summary:
    "softmax and cross-entropy as one: logits [...,C], labels, weights [...] -> summed loss [1], probabilities [...,C]",
  inputs: ["logits", "labels", "weights"],
  optionalInputs: 1,
  outputs: ["lossSum", "probabilities"],
  inferOutputs([logits, labels, weights], attributes) {
    expectLabels("softmaxCrossEntropy", logits!, labels!, attributes.labels);
    expectWeights("softmaxCrossEntropy", logits!, weights);
    return [float32([1]), float32(logits!.shape)];
  },
  gradient({ inputs: [, labels, weights], outputs: [, probabilities], attributes, lossScale, emit }) {
    const inputs = [probabilities!, labels!, ...(weights ? [weights] : [])];
    return emit("softmaxCrossEntropyBackward", inputs, { ...attributes, scale: lossScale });
  },
  flops: ([logits]) => 6 * sizeOf(logits!.shape),
};

/** dx[c] = scale * w * (p[c] * sum over k of t[k] - t[c]) */
export const softmaxCrossEntropyBackward: OpDefinition<SoftmaxCrossEntropyBackwardAttributes> = {
  summary: "gradient of softmaxCrossEntropy: probabilities [...,C], labels, weights [...] -> [...,C]",
  inputs: ["probabilities", "labels", "weights"],
  optionalInputs: 1,
  outputs: ["logitsGradient"],
  inferOutputs([probabilities, labels, weights], attributes) {
    expectLabels("softmaxCrossEntropyBackward", probabilities!, labels!, attributes.labels);
    expectWeights("softmaxCrossEntropyBackward", probabilities!, weights);
    return [float32(probabilities!.shape)];
  },
  flops: ([probabilities]) => 3 * sizeOf(probabilities!.shape),
};
