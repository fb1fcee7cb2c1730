import { choice, normal, times, uniform } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { exact, roundings, transcendental } from "./tolerances.js";
import type { UnaryFunction } from "./unary.js";

/** Alpha as the layers and losses set it. */
const alphas: { readonly [F in UnaryFunction]: number } = {
  relu: 0,
  relu6: 0,
  leakyRelu: 0.2,
  elu: 1,
  sigmoid: 0,
  tanh: 0,
  log: 1e-7,
  logit: 1e-7,
};

interface Setting {
  readonly alpha?: number;
  readonly note?: string;
}

function apply(name: UnaryFunction, input: CaseInput, { alpha = alphas[name], note }: Setting = {}): OpCase<"unary"> {
  const tolerance = name === "relu" || name === "relu6" ? exact : name === "leakyRelu" ? roundings : transcendental;
  return {
    op: "unary",
    name: [`${name} of ${times(input.shape)}`, ...(note ? [note] : [])].join(", "),
    attributes: { function: name, alpha },
    inputs: [input],
    tolerance,
    differentiate: [{ input: 0, tolerance }],
  };
}

const shapes: readonly Shape[] = [[1], [7], [5, 13], [2, 3, 5, 17], [4, 256]];

/** Zero, the bend of every function, and numbers that overflow a careless e^x. */
function extremes(): CaseInput {
  return choice([97], [-1e4, -100, -88, -1, -1e-4, 0, 1e-4, 1, 6, 88, 100, 1e4]);
}

/** Probabilities with both ends, where the clipping acts and the gradient is 0. */
function ends(): CaseInput {
  return choice([33], [0, 1, 0, 1, 0.5, 0.25]);
}

export const unaryCases: readonly OpCase<"unary">[] = [
  ...(["relu", "relu6", "leakyRelu", "elu", "sigmoid", "tanh"] as const).flatMap((name) => [
    ...shapes.map((shape) => apply(name, normal(shape, 3))),
    apply(name, extremes(), { note: "extremes" }),
  ]),
  ...(["log", "logit"] as const).flatMap((name) => [
    ...shapes.map((shape) => apply(name, uniform(shape, 0.02, 0.98))),
    apply(name, ends(), { note: "both ends" }),
  ]),
  apply("relu", choice([67], [-2, -1, 0, 1]), { note: "ties at 0" }),
  apply("leakyRelu", normal([3, 11]), { alpha: 0, note: "slope 0" }),
  apply("leakyRelu", normal([3, 11]), { alpha: 0.01, note: "slope 0.01" }),
  apply("elu", normal([3, 11]), { alpha: 0.5, note: "scale 0.5" }),
  apply("relu", normal([2, 26, 26, 32]), { note: "large" }),
];
