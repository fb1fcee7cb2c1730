/**
 * WGSL functions that are more accurate than what WGSL promises of its own, in float32, on every device. The polynomials are
 * minimax fits of the relative error, which each comment says; rounding adds about 4e-7.
 */

import { float } from "./shader.js";

/** c0 + c1 x + c2 x^2 + ... by Horner's rule. */
function polynomial(x: string, coefficients: readonly number[]): string {
  return coefficients.toReversed().reduce((sum, c) => (sum === "" ? float(c) : `(${float(c)} + ${x} * ${sum})`), "");
}

/**
 * WGSL promises log within [0.5, 2] to an absolute 2^-21 only: at 1 - 1e-7 that is four times the result. Near 1 the series
 * of artanh is used: ln p = 2 artanh(q / (2 + q)) with q = p - 1, which is exact.
 */
export const accurateLogDeclaration = `fn accurateLog(p: f32) -> f32 {
  let q = p - 1.0;
  let s = q / (2.0 + q);
  let s2 = s * s;
  let series = 2.0 * s * (1.0 + s2 * (1.0 / 3.0 + s2 * (0.2 + s2 * (1.0 / 7.0))));
  return select(log(p), series, abs(q) < 0.1);
}
`;

/** WGSL function: ln(1 + q) for q in [-0.5, 1], as 2 artanh(q / (2 + q)) to 4e-9 of itself, however small. */
export const log1pDeclaration: string = `fn log1p(q: f32) -> f32 {
  let s = q / (2.0 + q);
  let s2 = s * s;
  return s * ${polynomial("s2", [2, 0.66666315, 0.40024914, 0.27960544, 0.28178637])};
}
`;

/**
 * WGSL function: x^y for x > 0, as e^(y ln x), where pow and log2 would be off by y times 2^-21: ln x is the exponent's share and
 * 2 artanh of the mantissa between sqrt(1/2) and sqrt(2).
 */
export const powerDeclaration: string = `${log1pDeclaration}fn power(x: f32, y: f32) -> f32 {
  let parts = frexp(x);
  let low = parts.fract < ${float(Math.SQRT1_2)};
  let mantissa = select(parts.fract, 2.0 * parts.fract, low);
  let exponent = f32(select(parts.exp, parts.exp - 1, low));
  return exp(clamp(y * (exponent * ${float(Math.LN2)} + log1p(mantissa - 1.0)), -87.0, 88.0));
}
`;

/** WGSL function: 1 - e^-y for y >= 0. It cancels near 0; four terms of its series do not. */
export const expm1NegativeDeclaration = `fn oneMinusExp(y: f32) -> f32 {
  let n = min(y, 87.0);
  let series = n * (1.0 - n * (0.5 - n * (1.0 / 6.0 - n * (1.0 / 24.0))));
  return select(1.0 - exp(-n), series, n < 0.05);
}
`;

/** WGSL function: 1 / (1 + e^-x) without overflow. */
export const logisticDeclaration = `fn logistic(x: f32) -> f32 { return 1.0 / (1.0 + exp(-clamp(x, -87.0, 87.0))); }
`;

/**
 * WGSL functions of the standard normal distribution. `normalExponential(x)` is e^(-x^2 / 2), `normalDistribution(x, e)` the
 * share of numbers below x, given that exponential: e times a polynomial in 1 / (1 + 0.3 |x|) is the tail, to 1.3e-7 of itself.
 */
export const normalDistributionDeclaration: string = `fn normalExponential(x: f32) -> f32 {
  let n = min(abs(x), 13.0);
  return exp(-0.5 * n * n);
}
fn normalDistribution(x: f32, e: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.3 * min(abs(x), 13.0));
  let tail = e * t * ${polynomial(
    "t",
    [0.11962639, 0.12079837, 0.099637374, 0.12946963, -0.055394765, 0.20820773, -0.15827674, 0.035931934],
  )};
  return select(tail, 1.0 - tail, x > 0.0);
}
`;

/** WGSL function: sin(pi r / 2) for r in [-1, 1], to 6e-9 of itself. */
export const quarterSineDeclaration: string = `fn quarterSine(r: f32) -> f32 {
  let r2 = r * r;
  return r * ${polynomial("r2", [1.5707963, -0.64596371, 0.07968968, -0.004673766, 0.00015148478])};
}
`;
