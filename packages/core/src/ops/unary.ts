import { expectSameShape } from "./checks.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";

/**
 * Elementwise functions, each with its derivative written in terms of the output y, so that the input need not be kept.
 *
 * | function  | y                                   | dy/dx                                    |
 * | --------- | ----------------------------------- | ---------------------------------------- |
 * | relu      | max(x, 0)                           | y > 0                                    |
 * | relu6     | min(max(x, 0), 6)                   | 0 < y < 6                                |
 * | leakyRelu | x > 0 ? x : alpha x                 | y > 0 ? 1 : alpha                        |
 * | elu       | x > 0 ? x : alpha (e^x - 1)         | y > 0 ? 1 : y + alpha                    |
 * | sigmoid   | 1 / (1 + e^-x)                      | y (1 - y)                                |
 * | tanh      | tanh x                              | 1 - y^2                                  |
 * | log       | ln p, p = clip(x, alpha, 1 - alpha) | alpha < p < 1 - alpha ? e^-y : 0         |
 * | logit     | ln(p / (1 - p)), p as above         | alpha < p < 1 - alpha ? 1 / p(1 - p) : 0 |
 *
 * `log` and `logit` turn probabilities back into logits for a loss (Keras clips with alpha = 1e-7). Both bounds are rounded
 * to float32 before use, as 1 - 1e-7 moves by much there, and an element counts as clipped when y is what the function
 * gives at a bound.
 */
export const unaryFunctions = ["relu", "relu6", "leakyRelu", "elu", "sigmoid", "tanh", "log", "logit"] as const;

/** The functions of the op `unary`. */
export type UnaryFunction = (typeof unaryFunctions)[number];

export interface UnaryAttributes {
  readonly function: UnaryFunction;
  /** Slope of leakyRelu and scale of elu, at least 0; clipping bound of log and logit; 0 for the others. */
  readonly alpha: number;
}

/** Whether it never decreases: max-pooling may come before it as well as after. */
export function isMonotone({ function: name, alpha }: UnaryAttributes): boolean {
  return name !== "log" && name !== "logit" && alpha >= 0;
}

export const unary: OpDefinition<UnaryAttributes> = {
  summary: "elementwise function: input [...] -> [...]",
  inputs: ["input"],
  outputs: ["output"],
  inferOutputs: ([input]) => [float32(input!.shape)],
  gradient({ outputs: [output], attributes, outputGradient, emit }) {
    return emit("unaryBackward", [outputGradient(0), output!], { ...attributes });
  },
  flops: ([input]) => sizeOf(input!.shape),
};

export const unaryBackward: OpDefinition<UnaryAttributes> = {
  summary: "gradient of unary, from its output: outputGradient [...], output [...] -> [...]",
  inputs: ["outputGradient", "output"],
  outputs: ["inputGradient"],
  inferOutputs([outputGradient, output]) {
    expectSameShape("unaryBackward: outputGradient", outputGradient!.shape, output!.shape);
    return [float32(output!.shape)];
  },
  flops: ([outputGradient]) => 2 * sizeOf(outputGradient!.shape),
};
