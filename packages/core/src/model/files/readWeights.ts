import { ArgumentError, formatShape, listNames, ModelFileError } from "../../errors.js";
import { sameShape } from "../../ops/checks.js";
import type { ModelFile } from "../../saving/modelFile.js";
import { float32Numbers, type StoredTensor } from "../../saving/safetensors.js";
import type { Network, NetworkLayer } from "../declare/network.js";
import { parameterKey } from "./parameterKey.js";

/** How weights of a file find their layers. */
export interface LoadWeightsOptions {
  /**
   * Whether layers get the weights of the layer of the same name, and those without one, as well as what the file has beside,
   * are left alone. Default false: the layers with weights are those of the file, in its order.
   */
  readonly byName?: boolean;
  /** Whether a layer whose weights are of another number or of other shapes is left alone; default false: that is an error. */
  readonly skipMismatch?: boolean;
}

/** A layer of a file. */
interface StoredLayer {
  readonly layer: string;
  readonly tensors: readonly { readonly name: string; readonly tensor: StoredTensor }[];
}

/**
 * The weights of a network after loading those of a file, undefined where it has none for a parameter. Throws `ModelFileError`
 * where they do not fit.
 */
export function readWeights(
  network: Network,
  file: ModelFile,
  { byName = false, skipMismatch = false }: LoadWeightsOptions,
): (Float32Array | undefined)[] {
  const layers = network.layers.filter(({ parameters }) => parameters.length > 0);
  const stored = storedLayers(file, layers);
  const pairs = byName ? pairsByName(layers, stored) : pairsInOrder(layers, stored);
  const values = new Map<string, Float32Array>();
  const key = parameterKey(network.parameters);
  for (const [layer, own] of pairs) {
    const mismatch = findMismatch(layer, own);
    if (mismatch === undefined) {
      layer.parameters.forEach((parameter, index) => {
        values.set(key(parameter), float32Numbers(own.tensors[index]!.tensor));
      });
    } else if (!skipMismatch) {
      throw new ModelFileError(`${mismatch}. To leave such layers as they are pass skipMismatch: true`);
    }
  }
  return network.parameters.map((parameter) => values.get(key(parameter)));
}

/** The layers of a file; in one of another program tensors are named as this model names them. */
function storedLayers({ layers, tensors }: ModelFile, own: readonly NetworkLayer[]): StoredLayer[] {
  const named = (name: string): StoredLayer["tensors"][number] => ({ name, tensor: tensors.get(name)! });
  if (layers !== undefined) {
    return layers.map((layer) => ({ layer: layer.layer, tensors: layer.tensors.map(named) }));
  }
  return own
    .map(({ name, parameters }) => ({
      layer: name,
      tensors: parameters.filter(({ path }) => tensors.has(path)).map(({ path }) => named(path)),
    }))
    .filter((layer) => layer.tensors.length > 0);
}

function pairsInOrder(layers: readonly NetworkLayer[], stored: readonly StoredLayer[]): [NetworkLayer, StoredLayer][] {
  if (layers.length !== stored.length) {
    throw new ModelFileError(
      `the file has weights of ${stored.length} layers (${listNames(stored.map(({ layer }) => layer))}), the model has ` +
        `${layers.length} layers with weights (${listNames(layers.map(({ name }) => name))}). To load those that have the same ` +
        "name pass byName: true",
    );
  }
  return layers.map((layer, index) => [layer, stored[index]!]);
}

function pairsByName(layers: readonly NetworkLayer[], stored: readonly StoredLayer[]): [NetworkLayer, StoredLayer][] {
  const named = new Map(stored.map((layer) => [layer.layer, layer]));
  const pairs = layers.flatMap((layer): [NetworkLayer, StoredLayer][] => {
    const own = named.get(layer.name);
    return own === undefined ? [] : [[layer, own]];
  });
  if (pairs.length === 0) {
    throw new ArgumentError(
      `no layer of the model has the name of one in the file: the model has ${listNames(layers.map(({ name }) => name))}, the ` +
        `file ${listNames(stored.map(({ layer }) => layer))}`,
    );
  }
  return pairs;
}

/** What is wrong, if anything. */
function findMismatch({ name, parameters }: NetworkLayer, { layer, tensors }: StoredLayer): string | undefined {
  const from = layer === name ? "" : ` (layer ${layer} of the file)`;
  if (parameters.length !== tensors.length) {
    return (
      `layer ${name}${from} has ${parameters.length} weights (${listNames(parameters.map(({ path }) => path))}), the file ` +
      `has ${tensors.length} (${listNames(tensors.map((tensor) => tensor.name))})`
    );
  }
  for (const [index, { path, shape }] of parameters.entries()) {
    const { name: stored, tensor } = tensors[index]!;
    if (!sameShape(tensor.shape, shape)) {
      return `weight ${path} has shape ${formatShape(shape)}, tensor "${stored}" of the file ${formatShape(tensor.shape)}`;
    }
  }
  return undefined;
}
