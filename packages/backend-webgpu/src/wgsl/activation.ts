/**
 * The elementwise functions and their derivatives as WGSL, for `unary`, `unaryBackward` and every kernel that has them as an
 * epilogue. WGSL leaves overflow undefined and software adapters make NaN of it (tanh(100) on SwiftShader), so arguments
 * are clamped to where the float32 result no longer changes.
 */

import type { OpAttributes, UnaryFunction } from "@convoy/core/backend";
import { float } from "./shader.js";

type UnaryAttributes = OpAttributes["unary"];

/** WGSL function `activate(x: f32) -> f32`. */
export function activateDeclaration({ function: name, alpha }: UnaryAttributes): string {
  return `${needsLog(name) ? accurateLog : ""}fn activate(x: f32) -> f32 { ${forward(name, alpha)} }\n`;
}

/** WGSL function `slope(y: f32) -> f32`: the derivative, from the output. */
export function slopeDeclaration({ function: name, alpha }: UnaryAttributes): string {
  return `fn slope(y: f32) -> f32 { ${backward(name, alpha)} }\n`;
}

/** `f` of each element of a vector expression. */
export function mapped(f: string, vector: string, width: 1 | 2 | 4): string {
  if (width === 1) {
    return `${f}(${vector})`;
  }
  const elements = [..."xyzw"].slice(0, width).map((letter) => `${f}(${vector}.${letter})`);
  return `vec${width}f(${elements.join(", ")})`;
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
  }
}

function needsLog(name: UnaryFunction): boolean {
  return name === "log";
}

/**
 * WGSL promises log within [0.5, 2] to an absolute 2^-21 only: at 1 - 1e-7 that is four times the result. Near 1 the series
 * of artanh is used: ln p = 2 artanh(q / (2 + q)) with q = p - 1, which is exact.
 */
const accurateLog = `fn accurateLog(p: f32) -> f32 {
  let q = p - 1.0;
  let s = q / (2.0 + q);
  let s2 = s * s;
  let series = 2.0 * s * (1.0 + s2 * (1.0 / 3.0 + s2 * (0.2 + s2 * (1.0 / 7.0))));
  return select(log(p), series, abs(q) < 0.1);
}
`;

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
