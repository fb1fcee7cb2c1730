import type { OpName } from "../ops/index.js";
import type { Graph } from "./graph.js";

/** Ops that draw a number for every element, or every channel of a row. */
const drawing: readonly OpName[] = ["dropout", "channelDropout", "gaussianNoise", "gaussianDropout"];

/**
 * Has what is drawn at random for samples be drawn by their places in the whole batch, of which this graph has `rows` from
 * `firstRow` on: each process then draws for its samples what one process draws for them. What does not come from samples, such as
 * weights, is drawn alike on every rank. Runs before autodiff: a gradient takes the op's settings.
 */
export function drawByPlaceInBatch(graph: Graph, firstRow: number, rows: number): void {
  const ofSamples = new Set<number>();
  graph.operations = graph.operations.map((operation) => {
    const { op, inputs, outputs, attributes } = operation;
    if (op !== "gatherRows" && !inputs.some(({ id }) => ofSamples.has(id))) {
      return operation;
    }
    for (const { id } of outputs) {
      ofSamples.add(id);
    }
    // Some layers make several rows of a sample.
    const each = inputs[0]!.shape[0]! / rows;
    return drawing.includes(op) && Number.isInteger(each)
      ? { ...operation, attributes: { ...attributes, firstRow: firstRow * each } }
      : operation;
  });
}
