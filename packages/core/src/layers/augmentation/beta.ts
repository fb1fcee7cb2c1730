import type { RandomStream } from "../../random/index.js";

/**
 * A number from the symmetric beta distribution on 0 to 1 with both parameters `alpha`, above 0. From two gamma numbers (Marsaglia and
 * Tsang, "A simple method for generating gamma variables", 2000), by their logarithms: of small parameters the numbers themselves
 * would be 0.
 */
export function symmetricBeta(stream: RandomStream, alpha: number): number {
  const difference = logGamma(stream, alpha) - logGamma(stream, alpha);
  return 1 / (1 + Math.exp(-difference));
}

/** The logarithm of a number from the gamma distribution. */
function logGamma(stream: RandomStream, alpha: number): number {
  // One with a parameter that is larger by 1, times u^(1/alpha).
  const d = alpha + 1 - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  const power = Math.log(1 - stream.uniform()) / alpha;
  for (;;) {
    const normal = stream.normal();
    const v = (1 + c * normal) ** 3;
    const u = 1 - stream.uniform();
    if (v > 0 && Math.log(u) < normal ** 2 / 2 + d - d * v + d * Math.log(v)) {
      return Math.log(d * v) + power;
    }
  }
}
