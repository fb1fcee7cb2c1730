import { sizeOf, type Value } from "../../ops/definition.js";
import { alignmentBytes, type Graph } from "../../plan/index.js";
import { bufferNames } from "./bufferNames.js";
import type { Network, NetworkLayer, NetworkParameter } from "./network.js";

/** Elements between two possible starts of a parameter in the flat buffer. */
const alignmentElements = alignmentBytes / 4;

/** Where a parameter lies in the flat buffer, in elements. */
export interface PlacedParameter extends NetworkParameter {
  readonly offset: number;
  readonly size: number;
  /** Whether the optimizer changes it: trainable itself, in a layer that is not frozen. */
  readonly trained: boolean;
}

/** All parameters in one flat buffer, trained ones first; gradients and optimizer slots mirror the trained part. */
export interface ParameterLayout {
  /** In Keras' order. */
  readonly parameters: readonly PlacedParameter[];
  /** Elements of the whole buffer; the gaps between parameters stay 0. */
  readonly length: number;
  /** Elements of the trained part. */
  readonly trainedLength: number;
  /** Layers whose `trainable` was false. */
  readonly frozen: ReadonlySet<NetworkLayer>;
}

/** Gives every parameter its place, by the layers' `trainable` as it is now. */
export function layOutParameters(network: Network): ParameterLayout {
  const frozen = new Set(network.layers.filter(({ layer }) => !layer.trainable));
  const trained = new Set(
    network.layers
      .filter((layer) => !frozen.has(layer))
      .flatMap(({ parameters }) => parameters.filter(({ trainable }) => trainable)),
  );
  const offsets = new Map<NetworkParameter, number>();
  let length = 0;
  const place = (parameter: NetworkParameter): void => {
    offsets.set(parameter, length);
    length += Math.ceil(sizeOf(parameter.shape) / alignmentElements) * alignmentElements;
  };
  network.parameters.filter((parameter) => trained.has(parameter)).forEach(place);
  const trainedLength = length;
  network.parameters.filter((parameter) => !trained.has(parameter)).forEach(place);
  const parameters = network.parameters.map((parameter) => ({
    ...parameter,
    offset: offsets.get(parameter)!,
    size: sizeOf(parameter.shape),
    trained: trained.has(parameter),
  }));
  return { parameters, length, trainedLength, frozen };
}

/** The flat buffer's content from one array per parameter. */
export function flattenParameters(layout: ParameterLayout, values: readonly Float32Array[]): Float32Array {
  const flat = new Float32Array(layout.length);
  layout.parameters.forEach(({ offset }, index) => {
    flat.set(values[index]!, offset);
  });
  return flat;
}

/** One array per parameter from the flat buffer's content. */
export function splitParameters(layout: ParameterLayout, flat: Float32Array): Float32Array[] {
  return layout.parameters.map(({ offset, size }) => Float32Array.from(flat.subarray(offset, offset + size)));
}

/** The parameters as tensors of a graph, by path. */
export function placeParameters(graph: Graph, layout: ParameterLayout): Map<string, Value> {
  graph.declareBuffer(bufferNames.parameters, { dtype: "float32", length: layout.length });
  return new Map(
    layout.parameters.map(({ path, shape, offset }) => [
      path,
      graph.place(path, { shape, dtype: "float32" }, bufferNames.parameters, offset),
    ]),
  );
}
