import { choice } from "../ops/caseInputs.js";
import type { Shape } from "../ops/definition.js";
import type { CaseInput, Tolerance } from "../ops/opCase.js";
import { sum } from "../ops/tolerances.js";
import type { UnaryFunction } from "../ops/unary.js";
import type { GraphValue } from "../plan/index.js";
import type { Experiment } from "./experiment.js";
import { caseStream, fillTensor } from "./fill.js";

/** Sums of numbers around 1, and behind an activation that is not exact the errors of its derivative times that many. */
export function chainTolerance(terms: number, activation: UnaryFunction | undefined): Tolerance {
  const { relative, absolute, why } = sum(terms);
  const bent = activation === "tanh" || activation === "sigmoid" || activation === "elu";
  return bent
    ? { relative: 1e-4, absolute: absolute + 1e-4 * Math.sqrt(terms), why: `${why}, behind ${activation}` }
    : { relative, absolute, why };
}

/** Numbers whose products and sums are exact. */
export const weights: (shape: Shape) => CaseInput = (shape: Shape): CaseInput =>
  choice(shape, [-0.25, -0.125, 0, 0.125, 0.25]);

/** Places a tensor that is read, or with a tolerance also updated. */
export type Filler = (label: string, input: CaseInput, tolerance?: Tolerance) => GraphValue;

/** Places inputs in the order of the calls, each from its own stream. */
export function filler(experiment: Experiment, name: string): Filler {
  return (label, input, tolerance) => {
    const stream = () => caseStream(`${name} ${label}`, 0);
    return experiment.input(label, input, () => fillTensor(input, stream()), tolerance);
  };
}

/** `value` behind an activation, if any. */
export function activated({ graph }: Experiment, value: GraphValue, activation: UnaryFunction | undefined): GraphValue {
  const alpha = activation === "elu" ? 1 : activation === "leakyRelu" ? 0.25 : 0;
  return activation ? graph.apply("unary", [value], { function: activation, alpha })[0]! : value;
}
