import { choice, normal, times, uniform } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { CaseInput, OpCase, Tolerance } from "./opCase.js";
import { exact, formula, roundings, transcendental } from "./tolerances.js";
import { type UnaryFunction, unaryFunctions } from "./unary.js";

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
  softplus: 0,
  softsign: 0,
  hardSigmoid: 0,
  hardSilu: 0,
  silu: 0,
  gelu: 0,
  geluTanh: 0,
  abs: 0,
  square: 0,
  huber: 1,
  power: 1.5,
};

/** Functions that are more than copies and less than exponentials. Default: `transcendental`. */
const tolerances: { readonly [F in UnaryFunction]?: Tolerance } = {
  relu: exact,
  relu6: exact,
  abs: exact,
  leakyRelu: roundings,
  square: roundings,
  huber: roundings,
  softsign: formula,
  hardSigmoid: formula,
  hardSilu: formula,
};

interface Setting {
  readonly alpha?: number;
  readonly note?: string;
}

function apply(name: UnaryFunction, input: CaseInput, { alpha = alphas[name], note }: Setting = {}): OpCase<"unary"> {
  const tolerance = tolerances[name] ?? transcendental;
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
  ...unaryFunctions
    .filter((name) => name !== "log" && name !== "logit" && name !== "power")
    .flatMap((name) => [
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
  apply("huber", normal([3, 11]), { alpha: 0.3, note: "delta 0.3" }),
  apply("huber", choice([67], [-2, -1, 0, 1, 2]), { note: "ties at delta" }),
  ...shapes.map((shape) => apply("power", uniform(shape, 0.02, 0.98))),
  apply("power", uniform([129], 0, 3), { alpha: 3, note: "cube" }),
  apply("power", uniform([67], 0.1, 1), { alpha: 0.5, note: "root" }),
  // At 0 and below it is 0, and so is the gradient.
  apply("power", choice([67], [-2, -1e-4, 0, 1]), { alpha: 3, note: "0 and below" }),
  apply("hardSigmoid", choice([67], [-4, -3, -1, 0, 3, 4]), { note: "ties at both ends" }),
  apply("hardSilu", choice([67], [-4, -3, -1, 0, 3, 4]), { note: "ties at both ends" }),
  apply("abs", choice([67], [-2, -1, 0, 1]), { note: "ties at 0" }),
  // Where the distribution function of gelu changes from one formula to the next in many implementations.
  apply("gelu", uniform([129], -6, 6), { note: "evenly" }),
  apply("geluTanh", uniform([129], -6, 6), { note: "evenly" }),
  apply("relu", normal([2, 26, 26, 32]), { note: "large" }),
];
