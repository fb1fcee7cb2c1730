import type { Attributes } from "../ops/definition.js";
import type { OpAttributes } from "../ops/index.js";
import { isMonotone, type UnaryAttributes } from "../ops/unary.js";
import { type Graph, type GraphOperation, updatedInputs } from "./graph.js";

/**
 * Rewrites maxPool2d(f(x)) as f(maxPool2d(x)) wherever f never decreases and nothing else needs f(x): the numbers are the
 * same, the activation and its gradient touch one number a window instead of all, and what must be kept for the backward
 * pass shrinks by as much. Runs on the forward graph, before autodiff.
 */
export function poolBeforeActivation(graph: Graph): void {
  const readers = countReaders(graph.operations);
  const rewritten: GraphOperation[] = [];
  for (const operation of graph.operations) {
    const input = operation.inputs[0];
    const position = rewritten.findIndex((earlier) => earlier.op === "unary" && earlier.outputs[0] === input);
    const activation = rewritten[position];
    const swaps =
      operation.op === "maxPool2d" &&
      activation !== undefined &&
      readers.get(input!.id) === 1 &&
      input!.placement === undefined &&
      // The activation is moved past the ops in between: none may overwrite what it reads.
      rewritten.slice(position + 1).every((between) => updatedInputs(between).length === 0) &&
      isMonotone(activation.attributes as unknown as UnaryAttributes);
    if (!swaps) {
      rewritten.push(operation);
      continue;
    }
    rewritten.splice(position, 1);
    rewritten.push(...swapped(graph, activation, operation));
  }
  graph.operations = rewritten;
}

/** The two ops in the other order. The pooled tensor is new; the final output keeps its identity for its readers. */
function swapped(graph: Graph, activation: GraphOperation, pooling: GraphOperation): GraphOperation[] {
  const kept = graph.operations;
  graph.operations = [];
  const attributes = pooling.attributes as Attributes & OpAttributes["maxPool2d"];
  const [pooled] = graph.labelled(pooling.label, () => graph.apply("maxPool2d", activation.inputs, attributes));
  graph.operations = kept;
  return [
    { ...pooling, inputs: activation.inputs, outputs: [pooled!, pooling.outputs[1]!] },
    { ...activation, inputs: [pooled!], outputs: [pooling.outputs[0]!] },
  ];
}

/** How many ops read each tensor. */
export function countReaders(
  operations: readonly { readonly inputs: readonly { readonly id: number }[] }[],
): Map<number, number> {
  const readers = new Map<number, number>();
  for (const { inputs } of operations) {
    for (const { id } of inputs) {
      readers.set(id, (readers.get(id) ?? 0) + 1);
    }
  }
  return readers;
}
