import { formatShape, ShapeError } from "../errors.js";
import { vectorGradients } from "./batchNorm.js";
import { expectSameShape, lastAxis } from "./checks.js";
import { float32, type OpDefinition, type Shape, sizeOf, type TensorSpec } from "./definition.js";
import { expectGammaAndBeta, expectRowsOfChannels, type NormAttributes } from "./normalization.js";

/*
 * The C channels form `groups` groups of neighbours; every group of every sample has its own mean and variance, over all axes
 * between the first and the last and the C / groups channels. xhat = (x - mean) / sqrt(variance + epsilon).
 */

export interface GroupNormAttributes extends NormAttributes {
  /** A divisor of the number of channels. */
  readonly groups: number;
}

export interface GroupNormBackwardSumsAttributes {
  readonly groups: number;
  readonly epsilon: number;
}

export interface GroupNormBackwardInputAttributes extends GroupNormBackwardSumsAttributes {
  /** Whether there is a gamma. */
  readonly scale: boolean;
}

/** Shape [N, groups] of the statistics of input [N,...,C]. */
function statisticsShape(op: string, input: TensorSpec, groups: number): Shape {
  expectRowsOfChannels(`${op}: input`, input);
  const channels = lastAxis(input.shape);
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new ShapeError(
      `${op}: the ${channels} channels of input ${formatShape(input.shape)} cannot be divided into ${groups} groups. ` +
        "Use a divisor of the number of channels",
    );
  }
  return [input.shape[0] as number, groups];
}

function expectBackwardInputs(op: string, inputs: readonly TensorSpec[], groups: number): void {
  const [outputGradient, input, mean, variance] = inputs;
  expectSameShape(`${op}: outputGradient`, outputGradient!.shape, input!.shape);
  const statistics = statisticsShape(op, input!, groups);
  expectSameShape(`${op}: mean`, mean!.shape, statistics);
  expectSameShape(`${op}: variance`, variance!.shape, statistics);
}

/**
 * mean[n,g] and variance[n,g], biased, over everything of sample n in group g; y = gamma xhat + beta, gamma and beta by channel
 * (Wu and He, 2018). With one group over rows [R,C] it normalizes the last axis: layer normalization. With a group for each
 * channel it is instance normalization. Nothing is differentiated through the outputs mean and variance.
 */
export const groupNorm: OpDefinition<GroupNormAttributes> = {
  summary:
    "normalizes groups of channels of each sample: input [N,...,C], gamma [C] with scale, beta [C] with center -> [N,...,C], mean [N,groups], variance [N,groups]",
  inputs: ["input", "gammaOrBeta", "beta"],
  optionalInputs: 2,
  outputs: ["output", "mean", "variance"],
  inferOutputs([input, ...vectors], attributes) {
    const statistics = float32(statisticsShape("groupNorm", input!, attributes.groups));
    expectGammaAndBeta("groupNorm", input!, vectors, attributes);
    return [float32(input!.shape), statistics, statistics];
  },
  gradient({ inputs: [input, ...vectors], outputs: [, mean, variance], attributes, outputGradient, needs, emit }) {
    const { groups, epsilon, scale } = attributes;
    const tensors = [outputGradient(0), input!, mean!, variance!];
    const gamma = scale ? [vectors[0]!] : [];
    const inputGradient = needs(0)
      ? emit("groupNormBackwardInput", [...tensors, ...gamma], { groups, epsilon, scale })[0]
      : undefined;
    if (!(needs(1) || needs(2))) {
      return [inputGradient];
    }
    return [inputGradient, ...vectorGradients(emit("groupNormBackwardSums", tensors, { groups, epsilon }), attributes)];
  },
  flops: ([input]) => 6 * sizeOf(input!.shape),
};

/** scaleGradient[c] = sum over samples and positions of dy xhat; offsetGradient[c] = sum over samples and positions of dy */
export const groupNormBackwardSums: OpDefinition<GroupNormBackwardSumsAttributes> = {
  summary:
    "gradients of groupNorm for gamma and beta: outputGradient [N,...,C], input [N,...,C], mean [N,groups], variance [N,groups] -> [C], [C]",
  inputs: ["outputGradient", "input", "mean", "variance"],
  outputs: ["scaleGradient", "offsetGradient"],
  inferOutputs(inputs, { groups }) {
    expectBackwardInputs("groupNormBackwardSums", inputs, groups);
    const channels = float32([lastAxis(inputs[1]!.shape)]);
    return [channels, channels];
  },
  flops: ([, input]) => 4 * sizeOf(input!.shape),
};

/**
 * With d = gamma dy and averages over the group: dx = (d - average(d) - xhat average(d xhat)) / sqrt(variance + epsilon)
 */
export const groupNormBackwardInput: OpDefinition<GroupNormBackwardInputAttributes> = {
  summary:
    "gradient of groupNorm for its input: outputGradient [N,...,C], input [N,...,C], mean [N,groups], variance [N,groups], gamma [C] with scale -> [N,...,C]",
  inputs: ["outputGradient", "input", "mean", "variance", "gamma"],
  optionalInputs: 1,
  outputs: ["inputGradient"],
  inferOutputs(inputs, { groups, scale }) {
    expectBackwardInputs("groupNormBackwardInput", inputs, groups);
    expectGammaAndBeta("groupNormBackwardInput", inputs[1]!, inputs.slice(4), { scale, center: false });
    return [float32(inputs[1]!.shape)];
  },
  flops: ([, input], _, { scale }) => (scale ? 10 : 8) * sizeOf(input!.shape),
};
