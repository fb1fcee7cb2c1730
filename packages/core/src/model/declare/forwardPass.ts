import { ArgumentError } from "../../errors.js";
import { noDraws } from "../../layers/definition.js";
import type { Layer } from "../../layers/index.js";
import { type Attributes, type Shape, sizeOf, type Value } from "../../ops/definition.js";
import { Graph, type GraphValue } from "../../plan/index.js";
import { isModel, type NetworkCall, type NetworkParameter, networkOf } from "./network.js";

/** A tensor of a forward pass, by its number. */
export interface ForwardTensor {
  readonly id: number;
  /** Of inputs, outputs and parameters the name, of others what computes them. */
  readonly name: string;
  /** With the batch axis, except for parameters. */
  readonly shape: Shape;
}

/** An op of a forward pass. */
export interface ForwardOp {
  readonly op: string;
  readonly attributes: Attributes;
  /** Numbers of what it reads, in order. */
  readonly inputs: readonly number[];
  readonly outputs: readonly ForwardTensor[];
  /** The layer that it stands for: "base/conv2d_1". */
  readonly layer: string;
  /** Keras' name of that layer's class: "Conv2D". */
  readonly className: string;
}

/** What a model computes in prediction, as plain data. */
export interface ForwardPass {
  readonly inputs: readonly ForwardTensor[];
  readonly outputs: readonly ForwardTensor[];
  /** In the order of `getWeights`. */
  readonly parameters: readonly ForwardTensor[];
  /** In an order in which they can be computed. */
  readonly ops: readonly ForwardOp[];
}

/**
 * The ops that a model consists of in prediction, for batches of that size: what programs need that write models in other formats. Ops
 * and their attributes are those of `@convoy/core/backend`. Throws `ArgumentError` for something that is no model.
 */
export function forwardPass(model: Layer, batchSize = 1): ForwardPass {
  if (!isModel(model)) {
    throw new ArgumentError(`forwardPass takes a model, got layer ${model.label} (${model.className})`);
  }
  const { inputs, outputs, parameters, calls } = networkOf(model);
  const graph = new Graph();
  const placed = (name: string, shape: Shape): GraphValue => {
    const buffer = `${graph.values.length}`;
    graph.declareBuffer(buffer, { dtype: "float32", length: sizeOf(shape) });
    return graph.place(name, { shape, dtype: "float32" }, buffer);
  };
  const tensors = new Map<number, Value>();
  for (const { name, shape, tensor } of inputs) {
    tensors.set(tensor, placed(name, [batchSize, ...shape]));
  }
  const weights = parameters.map((parameter) => placed(parameter.path, parameter.shape));
  const weightOf = ({ weights: own, index }: NetworkParameter): Value =>
    weights[parameters.findIndex((parameter) => parameter.weights === own && parameter.index === index)]!;
  for (const call of calls) {
    tensors.set(
      call.output,
      graph.labelled(call.layer.path, () => applied(call, graph, tensors, weightOf)),
    );
  }
  const classNames = new Map(calls.map(({ layer }) => [layer.path, layer.layer.className]));
  const named = ({ id, label, shape }: GraphValue): ForwardTensor => ({ id, name: label, shape });
  const port = ({ name, tensor }: { readonly name: string; readonly tensor: number }): ForwardTensor => {
    const { id, shape } = tensors.get(tensor)!;
    return { id, name, shape };
  };
  return {
    inputs: inputs.map(port),
    outputs: outputs.map(port),
    parameters: weights.map(named),
    ops: graph.operations.map((operation) => ({
      op: operation.op,
      attributes: operation.attributes,
      inputs: operation.inputs.map(({ id }) => id),
      outputs: operation.outputs.map(named),
      layer: operation.label,
      className: classNames.get(operation.label)!,
    })),
  };
}

function applied(
  { layer, inputs, instance }: NetworkCall,
  graph: Graph,
  tensors: ReadonlyMap<number, Value>,
  weightOf: (parameter: NetworkParameter) => Value,
): Value {
  const read = inputs.map((tensor) => tensors.get(tensor)!);
  return layer.layer.apply({
    graph,
    input: read[0]!,
    inputs: read,
    parameter: (name) => weightOf(layer.parameters.find((parameter) => parameter.name === name)!),
    training: false,
    frozen: false,
    instance,
    addLoss: () => undefined,
    ...noDraws,
  });
}
