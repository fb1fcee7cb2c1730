import type { Layer } from "../../layers/index.js";
import { withinMemory } from "../../layers/layerWeights.js";
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
  /** The trained ones that have a regularizer: each is a term of the loss. */
  readonly penalties: readonly PlacedParameter[];
  /** Layers whose `trainable` was false, or that of a model around them. */
  readonly frozen: ReadonlySet<Layer>;
  /** What the layers' `trainable` was, those of models included: to find out that it has changed since. */
  readonly trainable: ReadonlyMap<Layer, boolean>;
}

/** Gives every parameter its place, by the layers' `trainable` as it is now. */
export function layOutParameters(network: Network): ParameterLayout {
  const around = ({ layer, parents }: NetworkLayer): readonly Layer[] => [network.model, ...parents, layer];
  const trainable = new Map(network.leaves.flatMap(around).map((layer) => [layer, layer.trainable]));
  const active = network.leaves.filter((leaf) => around(leaf).every((layer) => trainable.get(layer)));
  const frozen = new Set(network.leaves.filter((leaf) => !active.includes(leaf)).map(({ layer }) => layer));
  const changing = new Set(active.map(({ layer }) => layer.weights));
  const isTrained = (parameter: NetworkParameter): boolean => parameter.trainable && changing.has(parameter.weights);
  const trained = new Set(network.parameters.filter(isTrained));
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
  const penalties = parameters.filter(
    ({ trained: changes, regularizer }) => changes && regularizer && (regularizer.l1 !== 0 || regularizer.l2 !== 0),
  );
  return { parameters, length, trainedLength, penalties, frozen, trainable };
}

/** The flat buffer's content from one array per parameter. */
export function flattenParameters(layout: ParameterLayout, values: readonly Float32Array[]): Float32Array {
  const what = `the model's ${layout.parameters.length} parameters together`;
  const flat = withinMemory(what, 4 * layout.length, () => new Float32Array(layout.length));
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
