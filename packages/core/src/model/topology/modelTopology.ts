import type { Config } from "../../config.js";
import { ArgumentError } from "../../errors.js";
import { type Layer, SymbolicTensor, type SymbolicTensors, symbolicList } from "../../layers/layer.js";
import type { LayerWeights } from "../../layers/layerWeights.js";
import { orderCalls } from "../declare/callOrder.js";
import { networkOf } from "../declare/network.js";
import { declaredModel } from "./declared.js";
import type {
  CallTopology,
  FunctionalConfig,
  LayerTopology,
  ModelConfig,
  ModelTopology,
  TensorReference,
  TensorReferences,
} from "./topology.js";

/** A layer that was written down, and where. */
interface Written {
  readonly path: readonly string[];
  readonly entry: Entry;
}

type Entry = { -readonly [K in keyof LayerTopology]: LayerTopology[K] };

/**
 * A model without its weights, as plain JSON: its layers with their options, shared ones once, nested models, and the calls
 * between them. Keras' `to_json` says as much. `modelFromTopology` makes an equal model of it. Throws `ArgumentError` for
 * something that is no model, and naming the layer for one of your own without a config, or with an option that does not say
 * how it is made.
 */
export function modelTopology(model: Layer): ModelTopology {
  if (declaredModel(model) === undefined) {
    throw new ArgumentError(`modelTopology takes a model, got layer ${model.label} (${model.className})`);
  }
  const { className, label } = model;
  return { className, name: label, config: modelConfig(model, [], new Map()) } as ModelTopology;
}

function modelConfig(model: Layer, path: readonly string[], written: Map<Layer, Written>): Config {
  const { seed, layers, tensors } = declaredModel(model)!;
  const network = networkOf(model);
  const names = new Map(network.layers.map(({ layer, name }) => [layer, name]));
  const listed = model.className === "Sequential" ? layers : network.layers.map(({ layer }) => layer);
  const places = new Map([...network.parameters.entries()].reverse().map(([place, { weights }]) => [weights, place]));
  const config: ModelConfig = {
    ...(model.givenName === undefined ? {} : { name: model.givenName }),
    trainable: model.trainable,
    seed,
    layers: listed.map((layer) => layerTopology(layer, [...path, names.get(layer)!], written, seed, places)),
  };
  const { inputs, outputs } = tensors();
  const own =
    model.className === "Sequential"
      ? { inputShape: symbolicList(model.label, inputs)[0]!.shape }
      : functionalPart(inputs, outputs, names);
  return { ...config, ...own } as Config;
}

function layerTopology(
  layer: Layer,
  path: readonly string[],
  written: Map<Layer, Written>,
  seed: number,
  places: ReadonlyMap<LayerWeights, number>,
): LayerTopology {
  const { className } = layer;
  const name = path.at(-1)!;
  const before = written.get(layer);
  const origin = layer.weights?.origin;
  if (before !== undefined) {
    if (origin !== undefined && layer.weights!.parameters.length > 0) {
      // Which of the models around it is made first has no say.
      before.entry.firstWeights = origin;
    }
    return { className, name, sameAs: before.path };
  }
  const entry: Entry = { className, name };
  written.set(layer, { path, entry });
  entry.config = declaredModel(layer) === undefined ? ownConfig(layer, name) : modelConfig(layer, path, written);
  const place = layer.weights && places.get(layer.weights);
  if (place !== undefined && origin !== undefined && (origin.seed !== seed || origin.instance !== place)) {
    entry.firstWeights = origin;
  }
  return entry;
}

function ownConfig(layer: Layer, name: string): Config {
  let config: Config | undefined;
  try {
    ({ config } = layer);
  } catch (error) {
    throw error instanceof ArgumentError
      ? new ArgumentError(`layer ${name} (${layer.className}): ${error.message}`, { cause: error })
      : error;
  }
  if (config === undefined) {
    throw new ArgumentError(
      `layer ${name} (${layer.className}) has no config, so it cannot be saved; give its definition one: ` +
        "defineLayer({ ..., config: { its options as plain JSON } })",
    );
  }
  return config;
}

function functionalPart(
  inputs: SymbolicTensors,
  outputs: SymbolicTensors,
  names: ReadonlyMap<Layer, string>,
): Pick<FunctionalConfig, "calls" | "inputs" | "outputs"> {
  const { calls } = orderCalls(symbolicList("inputs", inputs), symbolicList("outputs", outputs));
  const counts = new Map<Layer, number>();
  const numbers = new Map(
    calls.map((call) => {
      const number = counts.get(call.layer) ?? 0;
      counts.set(call.layer, number + 1);
      return [call, number] as const;
    }),
  );
  const reference = ({ call, index }: SymbolicTensor): TensorReference => [
    names.get(call.layer)!,
    numbers.get(call)!,
    index,
  ];
  return {
    calls: calls.map(
      ({ layer, inputs: read }): CallTopology => ({ layer: names.get(layer)!, inputs: read.map(reference) }),
    ),
    inputs: references(inputs, reference),
    outputs: references(outputs, reference),
  };
}

function references(
  tensors: SymbolicTensors,
  reference: (tensor: SymbolicTensor) => TensorReference,
): TensorReferences {
  if (tensors instanceof SymbolicTensor) {
    return reference(tensors);
  }
  return Array.isArray(tensors)
    ? tensors.map(reference)
    : Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, reference(tensor)]));
}
