/**
 * The elementwise functions and their derivatives as WGSL, for `unary`, `unaryBackward` and every kernel that has them as an
 * epilogue. WGSL leaves overflow undefined and software adapters make NaN of it (tanh(100) on SwiftShader), so arguments
 * are clamped to where the float32 result no longer changes.
 */

import type { OpAttributes, UnaryFunction } from "@convoy/core/backend";
import {
  accurateLogDeclaration,
  expm1NegativeDeclaration,
  log1pDeclaration,
  logisticDeclaration,
  normalDistributionDeclaration,
  powerDeclaration,
} from "./accurate.js";
import { float } from "./shader.js";

type UnaryAttributes = OpAttributes["unary"];

/** WGSL function `activate(x: f32) -> f32`. */
export function activateDeclaration({ function: name, alpha }: UnaryAttributes): string {
  return `${forwardDeclarations[name] ?? ""}fn activate(x: f32) -> f32 { ${forward(name, alpha)} }\n`;
}

/** WGSL function `slope(y: f32) -> f32`: the derivative, from the output, or from the input where core's table says so. */
export function slopeDeclaration({ function: name, alpha }: UnaryAttributes): string {
  return `${backwardDeclarations[name] ?? ""}fn slope(y: f32) -> f32 { ${backward(name, alpha)} }\n`;
}

function forward(name: UnaryFunction, alpha: number): string {
  const [low, high] = clippingBounds(alpha);
  switch (name) {
    case "relu":
      // A comparison, as max may drop a NaN.
      return "return select(x, 0.0, x < 0.0);";
    case "relu6":
      return "return select(select(x, 6.0, x > 6.0), 0.0, x < 0.0);";
    case "leakyRelu":
      return `return select(${float(alpha)} * x, x, x > 0.0);`;
    case "elu":
      // e^x - 1 cancels near 0; four terms of its series do not.
      return `let n = clamp(x, -88.0, 0.0);
        let series = n * (1.0 + n * (0.5 + n * (1.0 / 6.0 + n * (1.0 / 24.0))));
        return select(${float(alpha)} * select(exp(n) - 1.0, series, n > -0.05), x, x > 0.0);`;
    case "sigmoid":
      return "return 1.0 / (1.0 + exp(-clamp(x, -87.0, 87.0)));";
    case "tanh":
      return "return tanh(clamp(x, -10.0, 10.0));";
    case "log":
      return `return accurateLog(clamp(x, ${float(low)}, ${float(high)}));`;
    case "logit":
      return `let p = clamp(x, ${float(low)}, ${float(high)}); return log(p / (1.0 - p));`;
    case "softplus":
      return "return select(x, 0.0, x < 0.0) + log1p(exp(-min(abs(x), 87.0)));";
    case "softsign":
      return "return x / (1.0 + abs(x));";
    case "hardSigmoid":
      return `return ${hardSigmoid};`;
    case "hardSilu":
      return `return x * ${hardSigmoid};`;
    case "silu":
      return "return x * logistic(x);";
    case "gelu":
      return "return x * normalDistribution(x, normalExponential(x));";
    case "geluTanh":
      // (1 + tanh u) / 2 is the logistic function of 2 u.
      return `return x * logistic(${twiceGeluArgument("clamp(x, -10.0, 10.0)")});`;
    case "abs":
      return "return abs(x);";
    case "square":
      return "return x * x;";
    case "huber":
      return `let a = abs(x); return select(${float(alpha)} * (a - ${float(alpha / 2)}), 0.5 * x * x, a <= ${float(alpha)});`;
    case "power":
      return `return select(0.0, power(x, ${float(alpha)}), x > 0.0);`;
  }
}

function backward(name: UnaryFunction, alpha: number): string {
  const [low, high] = clippedOutputs(name, alpha);
  switch (name) {
    case "relu":
      return "return select(0.0, 1.0, y > 0.0);";
    case "relu6":
      return "return select(0.0, 1.0, y > 0.0 && y < 6.0);";
    case "leakyRelu":
      return `return select(${float(alpha)}, 1.0, y > 0.0);`;
    case "elu":
      return `return select(y + ${float(alpha)}, 1.0, y > 0.0);`;
    case "sigmoid":
      return "return y * (1.0 - y);";
    case "tanh":
      return "return 1.0 - y * y;";
    case "log":
      return `return select(0.0, exp(-y), y > ${float(low)} && y < ${float(high)});`;
    case "logit":
      // 1 / p(1 - p) with p = 1 / (1 + e^-y)
      return `return select(0.0, 2.0 + exp(y) + exp(-y), y > ${float(low)} && y < ${float(high)});`;
    case "softplus":
      return "return oneMinusExp(y);";
    case "softsign":
      return "let rest = 1.0 - abs(y); return rest * rest;";
    case "hardSigmoid":
      return `return select(0.0, ${float(1 / 6)}, y > 0.0 && y < 1.0);`;
    case "hardSilu":
      return fromInput(`return select(select(1.0, (2.0 * x + 3.0) * ${float(1 / 6)}, x < 3.0), 0.0, x <= -3.0);`);
    case "silu":
      return fromInput("return logistic(x) * (1.0 + x * logistic(-x));");
    case "gelu":
      return fromInput(`let e = normalExponential(x);
        return normalDistribution(x, e) + x * e * ${float(1 / Math.sqrt(2 * Math.PI))};`);
    case "geluTanh":
      // With s = (1 + t) / 2 the derivative of t is 4 s (1 - s) u'.
      return fromInput(`let n = clamp(x, -10.0, 10.0);
        let u2 = ${twiceGeluArgument("n")};
        let s = logistic(u2);
        return s + n * s * logistic(-u2) * ${float(2 * geluScale)} * (1.0 + ${float(3 * geluCubic)} * n * n);`);
    case "abs":
      return fromInput("return sign(x);");
    case "square":
      return fromInput("return 2.0 * x;");
    case "huber":
      return fromInput(`return clamp(x, ${float(-alpha)}, ${float(alpha)});`);
    case "power":
      return fromInput(`return select(0.0, ${float(alpha)} * power(x, ${float(alpha - 1)}), x > 0.0);`);
  }
}

/** A derivative that is written in the input. */
function fromInput(code: string): string {
  return `let x = y; ${code}`;
}

/** What the functions call. */
const forwardDeclarations: { readonly [F in UnaryFunction]?: string } = {
  log: accurateLogDeclaration,
  softplus: log1pDeclaration,
  silu: logisticDeclaration,
  gelu: normalDistributionDeclaration,
  geluTanh: logisticDeclaration,
  power: powerDeclaration,
};

/** What the derivatives call. */
const backwardDeclarations: { readonly [F in UnaryFunction]?: string } = {
  softplus: expm1NegativeDeclaration,
  silu: logisticDeclaration,
  gelu: normalDistributionDeclaration,
  geluTanh: logisticDeclaration,
  power: powerDeclaration,
};

/** min(max(x + 3, 0), 6) / 6, exactly 0 and 1 at the ends; by comparisons, as min and max may drop a NaN. */
const hardSigmoid = `select(select((x + 3.0) * ${float(1 / 6)}, 1.0, x >= 3.0), 0.0, x <= -3.0)`;

/** sqrt(2 / pi) and the factor of x^3 in gelu's approximation (Hendrycks and Gimpel, 2016). */
const [geluScale, geluCubic] = [Math.sqrt(2 / Math.PI), 0.044715];

/** 2 u = 2 k (x + 0.044715 x^3) */
function twiceGeluArgument(x: string): string {
  return `(${float(2 * geluScale)} * ${x} * (1.0 + ${float(geluCubic)} * ${x} * ${x}))`;
}

/** alpha and 1 - alpha as float32 numbers, as probabilities are. */
function clippingBounds(alpha: number): [number, number] {
  return [Math.fround(alpha), Math.fround(1 - alpha)];
}

/**
 * Outputs strictly between these come from probabilities that were not clipped. The bounds stand a little inside of what
 * clipped elements become, as logarithms differ between devices in the last bits: below by a few of those, above half way
 * to the next smaller probability.
 */
function clippedOutputs(name: UnaryFunction, alpha: number): [number, number] {
  const [low, high] = clippingBounds(alpha);
  const f = (p: number): number => (name === "logit" ? Math.log(p / (1 - p)) : Math.log(p));
  const below = previousFloat(high);
  return [f(low) + 4e-6 * Math.abs(f(low)), (f(high) + f(below)) / 2];
}

/** The next smaller float32 of a positive number. */
function previousFloat(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0] = bits[0]! - 1;
  return new Float32Array(bits.buffer)[0]!;
}
