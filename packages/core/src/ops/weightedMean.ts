import { bytesOf, float32, type OpDefinition, sizeOf } from "./definition.js";
import { expectWeights } from "./lossShapes.js";
import type { LossBackwardAttributes } from "./softmaxCrossEntropy.js";

/** loss = sum over rows of w * mean over c of v[c]: the end of a loss that elementwise ops have computed. */
export const weightedMean: OpDefinition<Record<never, never>> = {
  summary: "sum over rows of their weighted means: values [...,C], weights [...] -> summed loss [1]",
  inputs: ["values", "weights"],
  optionalInputs: 1,
  outputs: ["lossSum"],
  inferOutputs([values, weights]) {
    expectWeights("weightedMean", values!, weights, "values");
    return [float32([1])];
  },
  gradient({ inputs, lossScale, emit }) {
    return emit("weightedMeanBackward", inputs, { scale: lossScale });
  },
  flops: ([values]) => sizeOf(values!.shape),
};

/** dv[c] = scale * w / C; of the values only the shape matters. */
export const weightedMeanBackward: OpDefinition<LossBackwardAttributes> = {
  summary: "gradient of weightedMean: values [...,C], weights [...] -> [...,C]",
  inputs: ["values", "weights"],
  optionalInputs: 1,
  outputs: ["valuesGradient"],
  inferOutputs([values, weights]) {
    expectWeights("weightedMeanBackward", values!, weights, "values");
    return [float32(values!.shape)];
  },
  flops: ([, weights]) => (weights === undefined ? 0 : sizeOf(weights.shape)),
  bytes: ([, weights], [valuesGradient]) => (weights === undefined ? 0 : bytesOf(weights)) + bytesOf(valuesGradient!),
};
