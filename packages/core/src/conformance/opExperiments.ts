import { normal, rows } from "../ops/caseInputs.js";
import { type Attributes, inputName } from "../ops/definition.js";
import type { AnyOpCase, CaseGradient } from "../ops/opCase.js";
import { exact } from "../ops/tolerances.js";
import { differentiate, type GraphValue, opDefinition } from "../plan/index.js";
import { Experiment, packCaseSteps } from "./experiment.js";
import { caseStream, fillTensor } from "./fill.js";

/** One thing to try about an op: its forward computation, or the gradient of one input. */
export interface OpExperiment {
  /** The op that it is about: of a gradient the backward op. */
  readonly op: string;
  readonly name: string;
  build(): Experiment;
}

/** The experiments of a case: forward, and one for each gradient that takes an op to compute. */
export function opExperiments(opCase: AnyOpCase): OpExperiment[] {
  const forward = { op: opCase.op, name: `${opCase.op}: ${opCase.name}`, build: () => forwardExperiment(opCase) };
  const backward = (opCase.differentiate ?? []).map((wanted): OpExperiment => {
    const { op } = gradientExperiment(opCase, wanted);
    const input = inputName(opDefinition(opCase.op), wanted.input);
    const name = `${op}: ${opCase.name}, gradient of ${input}`;
    return { op, name, build: () => gradientExperiment(opCase, wanted).experiment };
  });
  return [forward, ...backward];
}

function forwardExperiment(opCase: AnyOpCase): Experiment {
  const { experiment, outputs } = applied(opCase);
  outputs.forEach((value, index) => {
    // Positions are whole numbers: they allow no difference.
    const tolerance = value.dtype === "float32" ? opCase.tolerance : exact;
    experiment.output(opDefinition(opCase.op).outputs[index]!, value, tolerance);
  });
  return experiment;
}

/** The gradient of one input through the op's own rule, and the op that computes it. */
function gradientExperiment(opCase: AnyOpCase, wanted: CaseGradient): { experiment: Experiment; op: string } {
  const { experiment, inputs, outputs } = applied(opCase);
  const gradient = appendGradient(experiment, opCase, inputs, outputs, wanted);
  const input = inputName(opDefinition(opCase.op), wanted.input);
  experiment.output(`gradient of ${input}`, gradient, wanted.tolerance);
  return { experiment, op: experiment.graph.producer(gradient)!.op };
}

/** The op over its inputs, in places of their own; the inputs that it updates are compared afterwards. */
export function applied(opCase: AnyOpCase): { experiment: Experiment; inputs: GraphValue[]; outputs: GraphValue[] } {
  const experiment = new Experiment({ fused: false });
  experiment.steps = packCaseSteps(opCase.steps ?? [{}]);
  const definition = opDefinition(opCase.op);
  const { updates = [] } = definition;
  const inputs = opCase.inputs.map((input, index) => {
    const data = () => fillTensor(input, caseStream(`${opCase.op} ${opCase.name}`, index));
    return experiment.input(
      inputName(definition, index),
      input,
      data,
      updates.includes(index) ? opCase.tolerance : undefined,
    );
  });
  const outputs = experiment.graph.apply(opCase.op, inputs, opCase.attributes as Attributes as never);
  return { experiment, inputs, outputs };
}

/** Appends the gradient of one input: of the loss itself where the op is one, else of a random cotangent's product. */
export function appendGradient(
  experiment: Experiment,
  opCase: AnyOpCase,
  inputs: readonly GraphValue[],
  outputs: readonly GraphValue[],
  wanted: CaseGradient,
): GraphValue {
  const input = inputs[wanted.input]!;
  const output = outputs[0]!;
  const options = isLoss(opCase)
    ? { loss: output, lossScale: lossScale(opCase) }
    : { seeds: new Map([[output.id, cotangent(experiment, opCase, output)]]) };
  const gradient = differentiate(experiment.graph, { ...options, wanted: [input] }).get(input.id)!;
  return gradient as GraphValue;
}

/** The gradient that comes from behind the op. */
function cotangent(experiment: Experiment, opCase: AnyOpCase, { shape }: GraphValue): GraphValue {
  const input = normal(shape);
  return experiment.input("cotangent", input, () => fillTensor(input, caseStream(`${opCase.op} ${opCase.name}`, 100)));
}

/** Whether the op's first output is a summed loss. */
export function isLoss({ op }: AnyOpCase): boolean {
  return opDefinition(op).outputs[0] === "lossSum";
}

/** The mean over the rows is what is minimised. */
export function lossScale({ inputs: [predictions] }: AnyOpCase): number {
  return 1 / rows(predictions!.shape);
}
