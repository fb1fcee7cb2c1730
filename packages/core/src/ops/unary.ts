import { expectSameShape } from "./checks.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";

/**
 * Elementwise functions. The derivative is written in terms of the output y where that can be done, so that the input need
 * not be kept; for the others `unaryBackward` reads the input x.
 *
 * | function    | y                                            | dy/dx                                    | from |
 * | ----------- | -------------------------------------------- | ---------------------------------------- | ---- |
 * | relu        | max(x, 0)                                    | y > 0                                    | y    |
 * | relu6       | min(max(x, 0), 6)                            | 0 < y < 6                                | y    |
 * | leakyRelu   | x > 0 ? x : alpha x                          | y > 0 ? 1 : alpha                        | y    |
 * | elu         | x > 0 ? x : alpha (e^x - 1)                  | y > 0 ? 1 : y + alpha                    | y    |
 * | sigmoid     | s = 1 / (1 + e^-x)                           | y (1 - y)                                | y    |
 * | tanh        | tanh x                                       | 1 - y^2                                  | y    |
 * | log         | ln p, p = clip(x, alpha, 1 - alpha)          | alpha < p < 1 - alpha ? e^-y : 0         | y    |
 * | logit       | ln(p / (1 - p)), p as above                  | alpha < p < 1 - alpha ? 1 / p(1 - p) : 0 | y    |
 * | softplus    | ln(1 + e^x) = max(x, 0) + ln(1 + e^-a)       | 1 - e^-y                                 | y    |
 * | softsign    | x / (1 + a)                                  | (1 - abs(y))^2                           | y    |
 * | hardSigmoid | h = min(max(x + 3, 0), 6) / 6                | 0 < y < 1 ? 1/6 : 0                      | y    |
 * | hardSilu    | x h                                          | x <= -3 ? 0 : x < 3 ? (2 x + 3) / 6 : 1  | x    |
 * | silu        | x s                                          | s (1 + x (1 - s))                        | x    |
 * | gelu        | x P                                          | P + x e^(-x^2 / 2) / sqrt(2 pi)          | x    |
 * | geluTanh    | x (1 + t) / 2                                | (1 + t + x t') / 2                       | x    |
 * | abs         | a                                            | sign(x), 0 at 0                          | x    |
 * | square      | x^2                                          | 2 x                                      | x    |
 * | huber       | a <= alpha ? x^2 / 2 : alpha (a - alpha / 2) | min(max(x, -alpha), alpha)               | x    |
 * | power       | max(x, 0)^alpha                              | x > 0 ? alpha x^(alpha - 1) : 0          | x    |
 *
 * a is abs(x); P = (1 + erf(x / sqrt 2)) / 2 the normal distribution; t = tanh(k (x + 0.044715 x^3)) with k = sqrt(2 / pi),
 * and t' = (1 - t^2) k (1 + 0.134145 x^2). `log` and `logit` turn probabilities back into logits for a loss (Keras clips with
 * alpha = 1e-7). Both bounds are rounded to float32 before use, as 1 - 1e-7 moves by much there, and an element counts as
 * clipped when y is what the function gives at a bound.
 */
export const unaryFunctions = [
  "relu",
  "relu6",
  "leakyRelu",
  "elu",
  "sigmoid",
  "tanh",
  "log",
  "logit",
  "softplus",
  "softsign",
  "hardSigmoid",
  "hardSilu",
  "silu",
  "gelu",
  "geluTanh",
  "abs",
  "square",
  "huber",
  "power",
] as const;

/** The functions of the op `unary`. */
export type UnaryFunction = (typeof unaryFunctions)[number];

interface FunctionRules {
  /** What `unaryBackward` computes the derivative from. */
  readonly derivativeFrom: "output" | "input";
  /** Whether it never decreases, for alpha from 0. */
  readonly monotone: boolean;
  /** Operations an element, and those of the gradient. */
  readonly flops: readonly [number, number];
}

const rules: { readonly [F in UnaryFunction]: FunctionRules } = {
  relu: { derivativeFrom: "output", monotone: true, flops: [1, 2] },
  relu6: { derivativeFrom: "output", monotone: true, flops: [1, 2] },
  leakyRelu: { derivativeFrom: "output", monotone: true, flops: [1, 2] },
  elu: { derivativeFrom: "output", monotone: true, flops: [1, 2] },
  sigmoid: { derivativeFrom: "output", monotone: true, flops: [1, 2] },
  tanh: { derivativeFrom: "output", monotone: true, flops: [1, 2] },
  log: { derivativeFrom: "output", monotone: false, flops: [1, 2] },
  logit: { derivativeFrom: "output", monotone: false, flops: [1, 2] },
  softplus: { derivativeFrom: "output", monotone: true, flops: [5, 3] },
  softsign: { derivativeFrom: "output", monotone: true, flops: [3, 4] },
  hardSigmoid: { derivativeFrom: "output", monotone: true, flops: [4, 3] },
  hardSilu: { derivativeFrom: "input", monotone: false, flops: [5, 5] },
  silu: { derivativeFrom: "input", monotone: false, flops: [3, 8] },
  gelu: { derivativeFrom: "input", monotone: false, flops: [5, 11] },
  geluTanh: { derivativeFrom: "input", monotone: false, flops: [9, 16] },
  abs: { derivativeFrom: "input", monotone: false, flops: [1, 2] },
  square: { derivativeFrom: "input", monotone: false, flops: [1, 2] },
  huber: { derivativeFrom: "input", monotone: false, flops: [4, 3] },
  power: { derivativeFrom: "input", monotone: true, flops: [2, 4] },
};

/** Which tensor is the second input of `unaryBackward`: the output of `unary`, or its input. */
export function derivativeFrom(name: UnaryFunction): "output" | "input" {
  return rules[name].derivativeFrom;
}

export interface UnaryAttributes {
  readonly function: UnaryFunction;
  /**
   * Slope of leakyRelu and scale of elu, at least 0; clipping bound of log and logit; where huber turns from a square into a
   * line, above 0; exponent of power, above 0; 0 for the others.
   */
  readonly alpha: number;
}

/** Whether it never decreases: max-pooling may come before it as well as after. */
export function isMonotone({ function: name, alpha }: UnaryAttributes): boolean {
  return rules[name].monotone && alpha >= 0;
}

export const unary: OpDefinition<UnaryAttributes> = {
  summary: "elementwise function: input [...] -> [...]",
  inputs: ["input"],
  outputs: ["output"],
  inferOutputs: ([input]) => [float32(input!.shape)],
  gradient({ inputs: [input], outputs: [output], attributes, outputGradient, emit }) {
    const operand = derivativeFrom(attributes.function) === "output" ? output! : input!;
    return emit("unaryBackward", [outputGradient(0), operand], { ...attributes });
  },
  flops: ([input], _, attributes) => rules[attributes.function].flops[0] * sizeOf(input!.shape),
};

export const unaryBackward: OpDefinition<UnaryAttributes> = {
  summary: "gradient of unary, from its output or its input: outputGradient [...], operand [...] -> [...]",
  inputs: ["outputGradient", "operand"],
  outputs: ["inputGradient"],
  inferOutputs([outputGradient, operand]) {
    expectSameShape("unaryBackward: outputGradient", outputGradient!.shape, operand!.shape);
    return [float32(operand!.shape)];
  },
  flops: ([outputGradient], _, attributes) => rules[attributes.function].flops[1] * sizeOf(outputGradient!.shape),
};
