import { ArgumentError } from "../errors.js";
import type { RandomStream } from "../random/index.js";
import { filled, type Initializer } from "./initializer.js";

/** A standard normal number within two standard deviations: drawn again outside of them. */
export function truncatedStandardNormal(random: RandomStream): number {
  for (;;) {
    const value = random.normal();
    if (Math.abs(value) <= 2) {
      return value;
    }
  }
}

/** All 0. */
export function zeros(): Initializer {
  return filled("zeros", {}, () => () => 0);
}

/** All 1. */
export function ones(): Initializer {
  return filled("ones", {}, () => () => 1);
}

/** All `value`. */
export function constant(value: number): Initializer {
  return filled("constant", { value }, () => () => value);
}

/** Uniform in [low, high); default -0.05 to 0.05, as in Keras. */
export function randomUniform({ low = -0.05, high = 0.05 }: { low?: number; high?: number } = {}): Initializer {
  if (!(low <= high)) {
    throw new ArgumentError(`randomUniform: low is ${low}, high is ${high}; low must not be larger`);
  }
  return filled("randomUniform", { low, high }, (_, random) => () => random.uniformBetween(low, high));
}

/** Normal; default mean 0, standard deviation 0.05, as in Keras. */
export function randomNormal({ mean = 0, standardDeviation = 0.05 }: NormalOptions = {}): Initializer {
  return filled(
    "randomNormal",
    { mean, standardDeviation },
    (_, random) => () => mean + standardDeviation * random.normal(),
  );
}

/** Normal, drawn again outside two standard deviations; default mean 0, standard deviation 0.05, as in Keras. */
export function truncatedNormal({ mean = 0, standardDeviation = 0.05 }: NormalOptions = {}): Initializer {
  return filled(
    "truncatedNormal",
    { mean, standardDeviation },
    (_, random) => () => mean + standardDeviation * truncatedStandardNormal(random),
  );
}

/** A normal distribution. */
export interface NormalOptions {
  readonly mean?: number;
  readonly standardDeviation?: number;
}
