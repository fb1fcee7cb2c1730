/** The standard normal distribution in float64, for gelu: JavaScript has no error function. */

/** Density: e^(-x^2 / 2) / sqrt(2 pi) */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/** Distribution function: the share of standard normal numbers below x, (1 + erf(x / sqrt 2)) / 2, right to about 1e-13 of itself. */
export function normalDistribution(x: number): number {
  return 0.5 * complementaryError(-x * Math.SQRT1_2);
}

/** Below this the series is used, above it the continued fraction. */
const seriesEnd = 2;
/** Levels of the continued fraction: enough for 16 digits from `seriesEnd` on. */
const levels = 100;

/** erfc(x) = 1 - erf(x) */
function complementaryError(x: number): number {
  if (Number.isNaN(x)) {
    return x;
  }
  if (x < 0) {
    return 2 - complementaryError(-x);
  }
  return x < seriesEnd ? 1 - errorSeries(x) : errorFraction(x);
}

/** erf(x) = 2 / sqrt(pi) e^(-x^2) (x + 2 x^3 / 3 + 4 x^5 / 15 + ...), whose terms all have one sign (Abramowitz and Stegun, 7.1.6) */
function errorSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** erfc(x) = e^(-x^2) / sqrt(pi) / (x + 1/2 / (x + 1 / (x + 3/2 / (x + ...)))) (Abramowitz and Stegun, 7.1.14) */
function errorFraction(x: number): number {
  let denominator = x;
  for (let level = levels; level >= 1; level--) {
    denominator = x + level / 2 / denominator;
  }
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / denominator;
}
