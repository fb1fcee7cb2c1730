import { expectSameShape, lastAxis } from "./checks.js";
import { bytesOf, float32, type OpDefinition, sizeOf, type TensorSpec, type Value } from "./definition.js";
import { expectChannels, expectGammaAndBeta, expectRowsOfChannels, type NormAttributes } from "./normalization.js";

/*
 * Rows are everything but the last axis: R rows of C channels. xhat = (x - mean) / sqrt(variance + epsilon), by channel.
 */

export interface BatchNormBackwardSumsAttributes {
  readonly epsilon: number;
}

export interface BatchNormBackwardInputAttributes {
  readonly epsilon: number;
  /** Whether there is a gamma. */
  readonly scale: boolean;
}

function expectStatistics(op: string, input: TensorSpec, mean: TensorSpec, variance: TensorSpec): void {
  expectChannels(`${op}: mean`, mean, input);
  expectChannels(`${op}: variance`, variance, input);
}

/**
 * mean[c] = sum over rows of x / R; variance[c] = sum over rows of (x - mean)^2 / R, biased; y = gamma xhat + beta
 * (Ioffe and Szegedy, 2015). Of a single row the variance is 0 and y = beta. The outputs mean and variance feed moving
 * averages: nothing is differentiated through them. The difference from the mean has to be squared: mean(x^2) - mean^2
 * cancels where the mean is far from 0.
 */
export const batchNorm: OpDefinition<NormAttributes> = {
  summary:
    "normalizes each channel over the batch: input [...,C], gamma [C] with scale, beta [C] with center -> [...,C], mean [C], variance [C]",
  inputs: ["input", "gammaOrBeta", "beta"],
  optionalInputs: 2,
  outputs: ["output", "mean", "variance"],
  inferOutputs([input, ...vectors], attributes) {
    expectRowsOfChannels("batchNorm: input", input!);
    expectGammaAndBeta("batchNorm", input!, vectors, attributes);
    const channels = float32([lastAxis(input!.shape)]);
    return [float32(input!.shape), channels, channels];
  },
  gradient({ inputs: [input, ...vectors], outputs: [, mean, variance], attributes, outputGradient, needs, emit }) {
    const { epsilon, scale } = attributes;
    const gradient = outputGradient(0);
    // The input's gradient needs both sums too, whether or not gamma and beta are trained.
    const sums = emit("batchNormBackwardSums", [gradient, input!, mean!, variance!], { epsilon });
    const gamma = scale ? [vectors[0]!] : [];
    const inputGradient = needs(0)
      ? emit("batchNormBackwardInput", [gradient, input!, mean!, variance!, ...sums, ...gamma], { epsilon, scale })[0]
      : undefined;
    return [inputGradient, ...vectorGradients(sums, attributes)];
  },
  flops: ([input]) => 6 * sizeOf(input!.shape),
  // The statistics need every row before the first output can be computed: the input is read twice.
  bytes: ([input, ...vectors], outputs) =>
    2 * bytesOf(input!) + [...vectors, ...outputs].reduce((total, spec) => total + bytesOf(spec), 0),
};

/** The gradients of gamma and beta, as far as the op has them, out of the two sums. */
export function vectorGradients(
  [scaleGradient, offsetGradient]: readonly Value[],
  { scale, center }: NormAttributes,
): Value[] {
  return [...(scale ? [scaleGradient!] : []), ...(center ? [offsetGradient!] : [])];
}

/** scaleGradient[c] = sum over rows of dy xhat; offsetGradient[c] = sum over rows of dy */
export const batchNormBackwardSums: OpDefinition<BatchNormBackwardSumsAttributes> = {
  summary:
    "gradients of batchNorm for gamma and beta: outputGradient [...,C], input [...,C], mean [C], variance [C] -> [C], [C]",
  inputs: ["outputGradient", "input", "mean", "variance"],
  outputs: ["scaleGradient", "offsetGradient"],
  inferOutputs([outputGradient, input, mean, variance]) {
    expectSameShape("batchNormBackwardSums: outputGradient", outputGradient!.shape, input!.shape);
    expectStatistics("batchNormBackwardSums", input!, mean!, variance!);
    const channels = float32([lastAxis(input!.shape)]);
    return [channels, channels];
  },
  flops: ([, input]) => 4 * sizeOf(input!.shape),
};

/** dx = gamma / sqrt(variance + epsilon) (dy - offsetGradient / R - xhat scaleGradient / R) */
export const batchNormBackwardInput: OpDefinition<BatchNormBackwardInputAttributes> = {
  summary:
    "gradient of batchNorm for its input: outputGradient [...,C], input [...,C], mean, variance, both sums [C], gamma [C] with scale -> [...,C]",
  inputs: ["outputGradient", "input", "mean", "variance", "scaleGradient", "offsetGradient", "gamma"],
  optionalInputs: 1,
  outputs: ["inputGradient"],
  inferOutputs([outputGradient, input, mean, variance, scaleGradient, offsetGradient, ...gamma], { scale }) {
    const op = "batchNormBackwardInput";
    expectSameShape(`${op}: outputGradient`, outputGradient!.shape, input!.shape);
    expectStatistics(op, input!, mean!, variance!);
    expectChannels(`${op}: scaleGradient`, scaleGradient!, input!);
    expectChannels(`${op}: offsetGradient`, offsetGradient!, input!);
    expectGammaAndBeta(op, input!, gamma, { scale, center: false });
    return [float32(input!.shape)];
  },
  // By channel the formula is a dy + b x + c.
  flops: ([, input]) => 4 * sizeOf(input!.shape) + 10 * lastAxis(input!.shape),
};
