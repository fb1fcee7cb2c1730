import type { Value } from "../ops/definition.js";
import type { NormAttributes } from "../ops/normalization.js";
import type { Graph, GraphOperation } from "./graph.js";

/**
 * Has batch normalization take its statistics from the batches of all ranks. With w the rank's share of the samples, m and v its
 * own mean and variance: the whole batch's are M = sum over ranks of w m and V = sum over ranks of w (v + (m - M)^2). In the
 * backward pass the input's gradient takes both sums over all rows; the ranks' own, which are the gradients of gamma and beta,
 * are added up with all others. Runs behind autodiff, which thinks of a rank's own rows, and before lowering.
 */
export function syncBatchNorm(graph: Graph, share: number): void {
  const before = graph.operations;
  graph.operations = [];
  for (const operation of before) {
    graph.labelled(operation.label, () => {
      if (operation.op === "batchNorm") {
        wholeStatistics(graph, operation, share);
      } else if (operation.op === "batchNormBackwardInput") {
        wholeSums(graph, operation, share);
      } else {
        graph.operations.push(operation);
      }
    });
  }
}

/** Puts what computes something into the place of an op's output. */
function replace(graph: Graph, from: Value, to: Value): void {
  // The op that was appended last writes the value that others know.
  const last = graph.operations.pop()!;
  graph.operations.push({
    ...last,
    outputs: last.outputs.map((output) => (output.id === to.id ? graph.values[from.id]! : output)),
  });
}

function wholeStatistics(graph: Graph, { inputs, outputs, attributes }: GraphOperation, share: number): void {
  const { scale, center, epsilon } = attributes as unknown as NormAttributes;
  const [input, ...vectors] = inputs;
  const [output, mean, variance] = outputs;
  const plain = { scale: false, center: false, epsilon };
  const [, ownMean, ownVariance] = graph.apply("batchNorm", [input!], plain);
  replace(graph, mean!, graph.apply("allReduce", [ownMean!], { weight: share })[0]!);
  const [negative] = graph.apply("affine", [mean!], { scale: -1, offset: 0 });
  const [difference] = graph.apply("add", [ownMean!, negative!], {});
  const [square] = graph.apply("multiply", [difference!, difference!], {});
  const [around] = graph.apply("add", [ownVariance!, square!], {});
  replace(graph, variance!, graph.apply("allReduce", [around!], { weight: share })[0]!);
  const normalized = graph.apply("normalize", [input!, mean!, variance!, ...vectors], { scale, center, epsilon });
  replace(graph, output!, normalized[0]!);
}

function wholeSums(graph: Graph, operation: GraphOperation, share: number): void {
  const inputs = [...operation.inputs];
  for (const position of [4, 5]) {
    const [sum] = graph.apply("allReduce", [inputs[position]!], { weight: 1 });
    // The op divides by the rank's own rows.
    inputs[position] = graph.apply("affine", [sum!], { scale: share, offset: 0 })[0]!;
  }
  graph.operations.push({ ...operation, inputs });
}
