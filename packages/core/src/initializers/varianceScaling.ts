import type { Config } from "../config.js";
import { ArgumentError } from "../errors.js";
import { lookUp } from "../names.js";
import { type Shape, sizeOf } from "../ops/definition.js";
import type { RandomStream } from "../random/index.js";
import { truncatedStandardNormal } from "./distributions.js";
import { filled, type Initializer } from "./initializer.js";

/**
 * Inputs and outputs of one unit, as Keras' `compute_fans` counts them: the receptive field counts for convolutions. A
 * depthwise kernel [KH,KW,C,M] has KH KW C and KH KW M.
 */
export function computeFans(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length < 2) {
    const size = sizeOf(shape);
    return { fanIn: size, fanOut: size };
  }
  const field = sizeOf(shape.slice(0, -2));
  return { fanIn: (shape.at(-2) as number) * field, fanOut: (shape.at(-1) as number) * field };
}

/** What the variance is divided by. */
export type FanMode = "fanIn" | "fanOut" | "fanAvg";

/** Which numbers are drawn; "truncatedNormal" ends at two standard deviations. */
export type ScalingDistribution = "truncatedNormal" | "untruncatedNormal" | "uniform";

/** Settings of `varianceScaling`. */
export interface VarianceScalingOptions {
  /** Variance times fan, above 0; default 1. */
  readonly scale?: number;
  /** Default "fanIn". */
  readonly mode?: FanMode;
  /** Default "truncatedNormal". */
  readonly distribution?: ScalingDistribution;
}

const fans: { readonly [M in FanMode]: (fanIn: number, fanOut: number) => number } = {
  fanIn: (fanIn) => fanIn,
  fanOut: (_, fanOut) => fanOut,
  fanAvg: (fanIn, fanOut) => (fanIn + fanOut) / 2,
};

/** Standard deviation of a standard normal distribution truncated at two standard deviations. */
const truncatedDeviation = 0.8796256610342398;

/** Numbers of the variance asked for. */
const samplers: {
  readonly [D in ScalingDistribution]: (variance: number, random: RandomStream) => () => number;
} = {
  truncatedNormal(variance, random) {
    const deviation = Math.sqrt(variance) / truncatedDeviation;
    return () => deviation * truncatedStandardNormal(random);
  },
  untruncatedNormal(variance, random) {
    const deviation = Math.sqrt(variance);
    return () => deviation * random.normal();
  },
  uniform(variance, random) {
    const limit = Math.sqrt(3 * variance);
    return () => random.uniformBetween(-limit, limit);
  },
};

function scaling(
  name: string,
  scale: number,
  mode: FanMode,
  distribution: ScalingDistribution,
  config: Config = {},
): Initializer {
  const [fan, sampler] = [fans[mode], samplers[distribution]];
  return filled(name, config, (shape, random) => {
    const { fanIn, fanOut } = computeFans(shape);
    return sampler(scale / Math.max(1, fan(fanIn, fanOut)), random);
  });
}

/**
 * Variance scaling (Glorot and Bengio, 2010; He et al., 2015): variance `scale / fan`, as a uniform distribution with limit
 * sqrt(3 variance), as a normal one, or as one truncated at two standard deviations, whose deviation is made good. Keras'
 * `VarianceScaling`. Throws `ArgumentError` for options out of range.
 */
export function varianceScaling(options: VarianceScalingOptions = {}): Initializer {
  const { scale = 1, mode = "fanIn", distribution = "truncatedNormal" } = options;
  if (!(scale > 0 && scale < Infinity)) {
    throw new ArgumentError(`varianceScaling: scale is ${scale}, expected a number above 0`);
  }
  lookUp("varianceScaling mode", mode, fans);
  lookUp("varianceScaling distribution", distribution, samplers);
  return scaling("varianceScaling", scale, mode, distribution, { scale, mode, distribution });
}

/** Uniform with limit sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio, 2010). */
export function glorotUniform(): Initializer {
  return scaling("glorotUniform", 1, "fanAvg", "uniform");
}

/** Truncated normal with deviation sqrt(2 / (fanIn + fanOut)) (Glorot and Bengio, 2010). */
export function glorotNormal(): Initializer {
  return scaling("glorotNormal", 1, "fanAvg", "truncatedNormal");
}

/** Uniform with limit sqrt(6 / fanIn) (He et al., 2015): for layers with relu. */
export function heUniform(): Initializer {
  return scaling("heUniform", 2, "fanIn", "uniform");
}

/** Truncated normal with deviation sqrt(2 / fanIn) (He et al., 2015): for layers with relu. */
export function heNormal(): Initializer {
  return scaling("heNormal", 2, "fanIn", "truncatedNormal");
}

/** Uniform with limit sqrt(3 / fanIn) (LeCun et al., 1998). */
export function lecunUniform(): Initializer {
  return scaling("lecunUniform", 1, "fanIn", "uniform");
}

/** Truncated normal with deviation sqrt(1 / fanIn) (LeCun et al., 1998). */
export function lecunNormal(): Initializer {
  return scaling("lecunNormal", 1, "fanIn", "truncatedNormal");
}
