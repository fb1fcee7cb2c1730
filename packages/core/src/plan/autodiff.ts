import { PlanError } from "../errors.js";
import type { Attributes, Value } from "../ops/definition.js";
import type { OpAttributes, OpName } from "../ops/index.js";
import { type Graph, type GraphOperation, opDefinition } from "./graph.js";
import { InPlaceUpdates } from "./inPlaceUpdates.js";

/** A summed loss, and the factor between it and what it adds to the loss that is minimised. */
export interface ScaledLoss {
  /** The first output of a loss op. */
  readonly loss: Value;
  readonly scale: number;
}

/** What to differentiate. */
export interface DifferentiateOptions {
  /** The summed loss, the first output of a loss op. */
  readonly loss?: Value;
  /** Factor between the summed loss and the loss that is minimised: 1 / number of samples; default 1. */
  readonly lossScale?: number;
  /** Several summed losses, whose scaled sum is minimised: those of several outputs, say. */
  readonly losses?: readonly ScaledLoss[];
  /** Gradients that are given from outside, by the id of their tensor: for tests of single ops. */
  readonly seeds?: ReadonlyMap<number, Value>;
  /** The tensors whose gradients are wanted. */
  readonly wanted: readonly Value[];
  /** What to throw where the loss does not depend on a wanted tensor; default: a `PlanError`. */
  readonly unused?: (value: Value) => Error;
}

/**
 * Reverse-mode differentiation: appends the backward ops to `graph`, last op first, and returns the gradient of each wanted
 * tensor by its id. Ops without a wanted tensor behind them get no gradient ops; a tensor used more than once gets the sum.
 * Nothing is differentiated through an update in place; throws `ArgumentError` where one would make a gradient wrong.
 */
export function differentiate(graph: Graph, options: DifferentiateOptions): Map<number, Value> {
  const forward = [...graph.operations];
  const dependent = dependentValues(forward, options.wanted);
  const gradients = new Map<number, Value>(options.seeds ?? []);
  const { loss, lossScale = 1, losses = loss === undefined ? [] : [{ loss, scale: lossScale }] } = options;
  const scales = new Map(losses.map(({ loss: { id }, scale }) => [id, scale]));

  const updates = new InPlaceUpdates(graph, forward);
  for (const [position, operation] of [...forward.entries()].reverse()) {
    const scale = operation.outputs.map(({ id }) => scales.get(id)).find((known) => known !== undefined);
    const reached = scale !== undefined || operation.outputs.some((output) => gradients.has(output.id));
    if (!reached || !operation.inputs.some((input) => dependent.has(input.id))) {
      continue;
    }
    const before = graph.operations.length;
    const inputGradients = graph.labelled(operation.label, () =>
      backward(graph, operation, gradients, dependent, scale ?? 1),
    );
    updates.expectNoneAfter(position, graph.operations.slice(before));
    operation.inputs.forEach((input, index) => {
      const gradient = inputGradients[index];
      if (gradient !== undefined && dependent.has(input.id)) {
        updates.expectNoneBefore(position, input);
        const earlier = gradients.get(input.id);
        const sum = (): Value => graph.apply("add", [earlier!, gradient], {})[0]!;
        const total = earlier === undefined ? gradient : graph.labelled(operation.label, sum);
        gradients.set(input.id, total);
      }
    });
  }
  return wantedGradients(gradients, options, graph);
}

/** Ids of every tensor that a wanted tensor influences, the wanted ones included. */
function dependentValues(forward: readonly GraphOperation[], wanted: readonly Value[]): Set<number> {
  const dependent = new Set(wanted.map((value) => value.id));
  for (const operation of forward) {
    if (operation.inputs.some((input) => dependent.has(input.id))) {
      for (const output of operation.outputs) {
        dependent.add(output.id);
      }
    }
  }
  return dependent;
}

function backward(
  graph: Graph,
  operation: GraphOperation,
  gradients: ReadonlyMap<number, Value>,
  dependent: ReadonlySet<number>,
  lossScale: number,
): (Value | undefined)[] {
  const { gradient } = opDefinition(operation.op);
  if (gradient === undefined) {
    throw new PlanError(`autodiff: ${operation.op} has no gradient rule, but a parameter stands behind it`);
  }
  return gradient({
    inputs: operation.inputs,
    outputs: operation.outputs,
    attributes: operation.attributes,
    label: operation.label,
    lossScale,
    outputGradient(index) {
      const value = gradients.get((operation.outputs[index] as Value).id);
      if (value === undefined) {
        throw new PlanError(`autodiff: output ${index} of ${operation.op} has no gradient`);
      }
      return value;
    },
    needs(index) {
      const input = operation.inputs[index];
      return input !== undefined && dependent.has(input.id);
    },
    emit: (op, inputs, attributes) =>
      graph.apply(op as OpName, inputs, attributes as Attributes & OpAttributes[OpName]),
  });
}

function wantedGradients(
  gradients: ReadonlyMap<number, Value>,
  { wanted, unused }: DifferentiateOptions,
  graph: Graph,
): Map<number, Value> {
  return new Map(
    wanted.map((value) => {
      const gradient = gradients.get(value.id);
      if (gradient === undefined) {
        const label = graph.values[value.id]?.label;
        throw unused?.(value) ?? new PlanError(`autodiff: the loss does not depend on ${label}`);
      }
      return [value.id, gradient];
    }),
  );
}
