import type { UnaryFunction } from "../../backend/index.js";
import { normalDensity, normalDistribution } from "./normalDistribution.js";

/** An elementwise function and its derivative, one number at a time. */
export interface UnaryFormula {
  /** y = f(x) */
  value(x: number, alpha: number): number;
  /** f'(x); `operand` is y or x, as core's table of the functions says. */
  slope(operand: number, alpha: number): number;
}

type WithFormula = Exclude<
  UnaryFunction,
  "relu" | "relu6" | "leakyRelu" | "elu" | "sigmoid" | "tanh" | "log" | "logit"
>;

/** sqrt(2 / pi) and the factor of x^3 in gelu's approximation (Hendrycks and Gimpel, 2016). */
const [geluScale, geluCubic] = [Math.sqrt(2 / Math.PI), 0.044715];

/** The functions whose loops are not written out, as tabled in the definition of `unary`. */
export const unaryFormulas: { readonly [F in WithFormula]: UnaryFormula } = {
  softplus: {
    value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: (y) => -Math.expm1(-y),
  },
  softsign: {
    value: (x) => x / (1 + Math.abs(x)),
    slope: (y) => (1 - Math.abs(y)) ** 2,
  },
  hardSigmoid: {
    value: hardSigmoid,
    slope: (y) => (y > 0 && y < 1 ? 1 / 6 : 0),
  },
  hardSilu: {
    value: (x) => x * hardSigmoid(x),
    slope: (x) => (x <= -3 ? 0 : x < 3 ? (2 * x + 3) / 6 : 1),
  },
  silu: {
    value: (x) => x * sigmoid(x),
    slope: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
  },
  gelu: {
    value: (x) => x * normalDistribution(x),
    slope: (x) => normalDistribution(x) + x * normalDensity(x),
  },
  geluTanh: {
    value: (x) => 0.5 * x * (1 + geluTangent(x)),
    slope(x) {
      const t = geluTangent(x);
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * geluScale * (1 + 3 * geluCubic * x * x);
    },
  },
  abs: {
    value: Math.abs,
    slope: Math.sign,
  },
  square: {
    value: (x) => x * x,
    slope: (x) => 2 * x,
  },
  huber: {
    value: (x, delta) => (Math.abs(x) <= delta ? 0.5 * x * x : delta * (Math.abs(x) - 0.5 * delta)),
    slope: (x, delta) => Math.min(Math.max(x, -delta), delta),
  },
  power: {
    value: (x, exponent) => Math.max(x, 0) ** exponent,
    slope: (x, exponent) => (x > 0 ? exponent * x ** (exponent - 1) : 0),
  },
};

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function hardSigmoid(x: number): number {
  return Math.min(Math.max(x + 3, 0), 6) / 6;
}

function geluTangent(x: number): number {
  return Math.tanh(geluScale * (x + geluCubic * x * x * x));
}
