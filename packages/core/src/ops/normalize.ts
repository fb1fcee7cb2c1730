import { vectorGradients } from "./batchNorm.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";
import { expectChannels, expectGammaAndBeta, expectRowsOfChannels, type NormAttributes } from "./normalization.js";

export interface NormalizeBackwardInputAttributes {
  readonly epsilon: number;
  /** Whether there is a gamma. */
  readonly scale: boolean;
}

/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta: batch normalization with statistics from outside, as in inference.
 * Mean and variance have no gradient.
 */
export const normalize: OpDefinition<NormAttributes> = {
  summary:
    "normalizes each channel with given statistics: input [...,C], mean [C], variance [C], gamma [C] with scale, beta [C] with center -> [...,C]",
  inputs: ["input", "mean", "variance", "gammaOrBeta", "beta"],
  optionalInputs: 2,
  outputs: ["output"],
  inferOutputs([input, mean, variance, ...vectors], attributes) {
    expectRowsOfChannels("normalize: input", input!);
    expectChannels("normalize: mean", mean!, input!);
    expectChannels("normalize: variance", variance!, input!);
    expectGammaAndBeta("normalize", input!, vectors, attributes);
    return [float32(input!.shape)];
  },
  gradient({ inputs: [input, mean, variance, ...vectors], attributes, outputGradient, needs, emit }) {
    const { epsilon, scale } = attributes;
    const gradient = outputGradient(0);
    const gamma = scale ? [vectors[0]!] : [];
    const inputGradient = needs(0)
      ? emit("normalizeBackwardInput", [gradient, variance!, ...gamma], { epsilon, scale })[0]
      : undefined;
    if (!(needs(3) || needs(4))) {
      return [inputGradient];
    }
    const sums = emit("batchNormBackwardSums", [gradient, input!, mean!, variance!], { epsilon });
    return [inputGradient, undefined, undefined, ...vectorGradients(sums, attributes)];
  },
  // By channel the formula is a x + b.
  flops: ([input, mean]) => 2 * sizeOf(input!.shape) + 5 * sizeOf(mean!.shape),
};

/** dx = gamma dy / sqrt(variance + epsilon) */
export const normalizeBackwardInput: OpDefinition<NormalizeBackwardInputAttributes> = {
  summary: "gradient of normalize for its input: outputGradient [...,C], variance [C], gamma [C] with scale -> [...,C]",
  inputs: ["outputGradient", "variance", "gamma"],
  optionalInputs: 1,
  outputs: ["inputGradient"],
  inferOutputs([outputGradient, variance, ...gamma], { scale }) {
    expectChannels("normalizeBackwardInput: variance", variance!, outputGradient!);
    expectGammaAndBeta("normalizeBackwardInput", outputGradient!, gamma, { scale, center: false });
    return [float32(outputGradient!.shape)];
  },
  flops: ([outputGradient, variance]) => sizeOf(outputGradient!.shape) + 3 * sizeOf(variance!.shape),
};
