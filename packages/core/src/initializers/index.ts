import { ArgumentError } from "../errors.js";
import { lookUp } from "../names.js";
import type { Shape } from "../ops/definition.js";
import { sizeOf } from "../ops/definition.js";
import type { RandomStream } from "../random/index.js";

/** Draws a parameter's first values on the host. */
export interface Initializer {
  readonly name: string;
  /** `shape` is HWIO for convolution kernels, [inputs, units] for dense ones. */
  draw(shape: Shape, random: RandomStream): Float32Array;
}

/** Values of an initializer option. */
export type InitializerName =
  | "zeros"
  | "ones"
  | "glorotUniform"
  | "glorotNormal"
  | "heUniform"
  | "heNormal"
  | "lecunUniform"
  | "lecunNormal"
  | "randomUniform"
  | "randomNormal"
  | "truncatedNormal";

function filled(name: string, next: (shape: Shape, random: RandomStream) => () => number): Initializer {
  return {
    name,
    draw(shape, random) {
      const sample = next(shape, random);
      return Float32Array.from({ length: sizeOf(shape) }, sample);
    },
  };
}

/** Inputs and outputs of one unit: the receptive field counts for convolutions (Keras' `compute_fans`). */
export function computeFans(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length < 2) {
    const size = sizeOf(shape);
    return { fanIn: size, fanOut: size };
  }
  const field = sizeOf(shape.slice(0, -2));
  return { fanIn: (shape.at(-2) as number) * field, fanOut: (shape.at(-1) as number) * field };
}

/** A standard normal number within two standard deviations: drawn again outside of them. */
function truncatedStandardNormal(random: RandomStream): number {
  for (;;) {
    const value = random.normal();
    if (Math.abs(value) <= 2) {
      return value;
    }
  }
}

/** Standard deviation of a standard normal distribution truncated at two standard deviations. */
const truncatedDeviation = 0.8796256610342398;

/**
 * Variance scaling (Glorot and Bengio, 2010; He et al., 2015): variance `scale / fan`, as a uniform distribution with
 * limit sqrt(3 variance) or as a normal one truncated at two standard deviations, whose deviation is made good (Keras'
 * `VarianceScaling`).
 */
function varianceScaling(
  name: string,
  scale: number,
  mode: "fanIn" | "fanAverage",
  distribution: "uniform" | "normal",
): Initializer {
  return filled(name, (shape, random) => {
    const { fanIn, fanOut } = computeFans(shape);
    const variance = scale / Math.max(1, mode === "fanIn" ? fanIn : (fanIn + fanOut) / 2);
    if (distribution === "uniform") {
      const limit = Math.sqrt(3 * variance);
      return () => random.uniformBetween(-limit, limit);
    }
    const deviation = Math.sqrt(variance) / truncatedDeviation;
    return () => deviation * truncatedStandardNormal(random);
  });
}

/** All `value`. */
export function constant(value: number): Initializer {
  return filled(`constant(${value})`, () => () => value);
}

/** Uniform in [low, high); default -0.05 to 0.05, as in Keras. */
export function randomUniform({ low = -0.05, high = 0.05 }: { low?: number; high?: number } = {}): Initializer {
  if (!(low <= high)) {
    throw new ArgumentError(`randomUniform: low is ${low}, high is ${high}; low must not be larger`);
  }
  return filled("randomUniform", (_, random) => () => random.uniformBetween(low, high));
}

/** Normal; default mean 0, standard deviation 0.05, as in Keras. */
export function randomNormal({ mean = 0, standardDeviation = 0.05 }: NormalOptions = {}): Initializer {
  return filled("randomNormal", (_, random) => () => mean + standardDeviation * random.normal());
}

/** Normal, drawn again outside two standard deviations; default mean 0, standard deviation 0.05, as in Keras. */
export function truncatedNormal({ mean = 0, standardDeviation = 0.05 }: NormalOptions = {}): Initializer {
  return filled("truncatedNormal", (_, random) => () => mean + standardDeviation * truncatedStandardNormal(random));
}

/** A normal distribution. */
export interface NormalOptions {
  readonly mean?: number;
  readonly standardDeviation?: number;
}

const named: { readonly [N in InitializerName]: Initializer } = {
  zeros: filled("zeros", () => () => 0),
  ones: filled("ones", () => () => 1),
  glorotUniform: varianceScaling("glorotUniform", 1, "fanAverage", "uniform"),
  glorotNormal: varianceScaling("glorotNormal", 1, "fanAverage", "normal"),
  heUniform: varianceScaling("heUniform", 2, "fanIn", "uniform"),
  heNormal: varianceScaling("heNormal", 2, "fanIn", "normal"),
  lecunUniform: varianceScaling("lecunUniform", 1, "fanIn", "uniform"),
  lecunNormal: varianceScaling("lecunNormal", 1, "fanIn", "normal"),
  randomUniform: randomUniform(),
  randomNormal: randomNormal(),
  truncatedNormal: truncatedNormal(),
};

/** The initializer behind an option. Throws `ArgumentError` for an unknown name. */
export function resolveInitializer(option: InitializerName | Initializer): Initializer {
  return typeof option === "string" ? lookUp("initializer", option, named) : option;
}
