import { ArgumentError, listNames } from "../../errors.js";
import type { Layer, LayerCall, ParameterSpec, SymbolicTensor } from "../../layers/index.js";
import type { LayerWeights } from "../../layers/layerWeights.js";
import type { Shape } from "../../ops/definition.js";
import { orderCalls } from "./callOrder.js";

/** A parameter of a built network. */
export interface NetworkParameter extends ParameterSpec {
  /** "conv2d_1/kernel"; within a nested model "base/conv2d_1/kernel". */
  readonly path: string;
  /** False for a weight that no optimizer touches, such as a moving mean. */
  readonly trainable: boolean;
  /** The weights that it is one of, and which. */
  readonly weights: LayerWeights;
  readonly index: number;
}

/** A layer in its place: named, with known shapes (no batch axis). */
export interface NetworkLayer {
  readonly layer: Layer;
  /** Name within its own model. */
  readonly name: string;
  /** Name with those of the nested models around it in front: "base/conv2d_1". */
  readonly path: string;
  /** The nested models that it is in, outermost first. */
  readonly parents: readonly Layer[];
  /** Of its first call. */
  readonly outputShapes: readonly Shape[];
  /** Of a nested model: all that its layers have. */
  readonly parameters: readonly NetworkParameter[];
  /** Names of what each of its calls reads, for the summary. */
  readonly connectedTo: readonly string[];
}

/** A layer that runs, in the order of a step; nested models taken apart. Tensors are numbered. */
export interface NetworkCall {
  readonly layer: NetworkLayer;
  /** Numbers its random streams. */
  readonly instance: number;
  readonly inputs: readonly number[];
  readonly output: number;
}

/** A tensor that goes in or out, by name. */
export interface NetworkPort {
  readonly name: string;
  readonly shape: Shape;
  /** Number of the tensor. */
  readonly tensor: number;
}

/** Layers whose shapes fit, and how tensors run through them. */
export interface Network {
  readonly model: Layer;
  readonly inputs: readonly NetworkPort[];
  readonly outputs: readonly NetworkPort[];
  /** In Keras' order, a nested model as one; inputs included where they were declared. */
  readonly layers: readonly NetworkLayer[];
  /** Layers without nested models: those that run. */
  readonly leaves: readonly NetworkLayer[];
  readonly calls: readonly NetworkCall[];
  /** All parameters in Keras' order: by layer, kernel before bias; those of a layer used twice once. */
  readonly parameters: readonly NetworkParameter[];
}

/** What a network is built from. */
export interface NetworkDeclaration {
  readonly model: Layer;
  readonly inputs: readonly NamedTensor[];
  readonly outputs: readonly NamedTensor[];
  /** Of the first weights. */
  readonly seed: number;
  /** Whether the inputs are layers that the user declared. */
  readonly declaredInputs: boolean;
}

/** A tensor with the name that the user gave it, if any. */
export interface NamedTensor {
  readonly name?: string;
  readonly tensor: SymbolicTensor;
}

/** How a model that is a layer of another gives its network. */
const networks = new WeakMap<Layer, () => Network>();

/** Says how a model gives its network. */
export function registerModel(model: Layer, network: () => Network): void {
  networks.set(model, network);
}

/** The network of a model, built if need be. */
export function networkOf(model: Layer): Network {
  return networks.get(model)!();
}

/** Whether a layer is a model. */
export function isModel(layer: Layer): boolean {
  return networks.has(layer);
}

/** Names the layers and puts them in order. Throws `ArgumentError` where they do not make a model. */
export function buildNetwork(declaration: NetworkDeclaration): Network {
  const { model, seed, declaredInputs } = declaration;
  const sources = declaration.inputs.map(({ tensor }) => tensor);
  const ends = declaration.outputs.map(({ tensor }) => tensor);
  const { layers: ordered, calls } = orderCalls(sources, ends);
  const listed = ordered.filter((layer) => declaredInputs || !sources.some(({ call }) => call.layer === layer));
  const names = nameLayers(ordered);
  const callsOf = new Map<Layer, LayerCall[]>(ordered.map((layer) => [layer, []]));
  const numberOf = new Map<LayerCall, number>();
  for (const call of calls) {
    numberOf.set(call, callsOf.get(call.layer)!.push(call) - 1);
  }
  // Keras' notation: which call of the layer, which of its outputs.
  const connectionName = ({ call, index }: SymbolicTensor): string =>
    `${names.get(call.layer)}[${numberOf.get(call)}][${index}]`;

  const parameters: NetworkParameter[] = [];
  const known = new Set<LayerWeights>();
  const paths = new Set<string>();
  const leaves = new Map<Layer, NetworkLayer>();
  const layers = listed.map((layer) => {
    const placed = placeLayer(layer, names.get(layer)!, callsOf.get(layer)!, connectionName);
    for (const leaf of placed.leaves) {
      leaves.set(leaf.layer, leaves.get(leaf.layer) ?? leaf);
    }
    if (!networks.has(layer)) {
      layer.weights?.claim(seed, parameters.length, placed.entry.name);
    }
    const added = placed.entry.parameters.filter(({ weights }) => !known.has(weights));
    for (const parameter of added) {
      if (paths.size === paths.add(parameter.path).size) {
        throw new ArgumentError(
          `two weights would be called "${parameter.path}", by which states and files know them; give a layer another name, ` +
            "without a slash",
        );
      }
      known.add(parameter.weights);
      parameters.push(parameter);
    }
    return placed.entry;
  });

  const numbers = new Map<SymbolicTensor, number>(sources.map((tensor, index) => [tensor, index]));
  const run = inline(calls, numbers, leaves, declaredInputs ? sources.length : 0);
  const port = ({ name, tensor }: NamedTensor): NetworkPort => ({
    name: name ?? names.get(tensor.call.layer)!,
    shape: tensor.shape,
    tensor: numbers.get(tensor)!,
  });
  return {
    model,
    inputs: distinct(declaration.inputs.map(port)),
    outputs: distinct(declaration.outputs.map(port)),
    layers,
    leaves: [...leaves.values()],
    calls: run,
    parameters,
  };
}

/** Keras' names, counted within the model: conv2d, conv2d_1. */
function nameLayers(layers: readonly Layer[]): Map<Layer, string> {
  const counts = new Map<string, number>();
  const names = new Map<Layer, string>();
  const taken = new Set<string>();
  for (const layer of layers) {
    let name = layer.givenName;
    if (name === undefined) {
      const count = counts.get(layer.defaultName) ?? 0;
      counts.set(layer.defaultName, count + 1);
      name = count === 0 ? layer.defaultName : `${layer.defaultName}_${count}`;
    }
    if (taken.has(name)) {
      throw new ArgumentError(`two layers are named "${name}"; give one of them another name`);
    }
    taken.add(name);
    names.set(layer, name);
  }
  return names;
}

/** A layer with its parameters, and the layers that run when it is called: itself, or those of a nested model. */
function placeLayer(
  layer: Layer,
  name: string,
  calls: readonly LayerCall[],
  connectionName: (tensor: SymbolicTensor) => string,
): { entry: NetworkLayer; leaves: readonly NetworkLayer[] } {
  const nested = networks.get(layer)?.();
  const within = (inner: NetworkParameter): NetworkParameter => ({ ...inner, path: `${name}/${inner.path}` });
  const own = layer.weights?.parameters.map((spec, index) => ({
    ...spec,
    trainable: spec.trainable ?? true,
    path: `${name}/${spec.name}`,
    weights: layer.weights!,
    index,
  }));
  const entry: NetworkLayer = {
    layer,
    name,
    path: name,
    parents: [],
    outputShapes: calls[0]!.outputs.map(({ shape }) => shape),
    parameters: nested?.parameters.map(within) ?? own ?? [],
    connectedTo: calls.flatMap(({ inputs }) => inputs.map(connectionName)),
  };
  const leaves = nested?.leaves.map((leaf) => ({
    ...leaf,
    path: `${name}/${leaf.path}`,
    parents: [layer, ...leaf.parents],
    parameters: leaf.parameters.map(within),
  }));
  return { entry, leaves: leaves ?? [entry] };
}

/** The calls with tensors numbered, nested models replaced by what they consist of. Adds the numbers to `numbers`. */
function inline(
  calls: readonly LayerCall[],
  numbers: Map<SymbolicTensor, number>,
  leaves: ReadonlyMap<Layer, NetworkLayer>,
  firstInstance: number,
): NetworkCall[] {
  const run: NetworkCall[] = [];
  let next = numbers.size;
  const append = (layer: Layer, inputs: readonly number[]): number => {
    const output = next++;
    run.push({ layer: leaves.get(layer)!, instance: firstInstance + run.length, inputs, output });
    return output;
  };
  for (const { layer, inputs, outputs } of calls.filter((call) => call.inputs.length > 0)) {
    const read = inputs.map((tensor) => numbers.get(tensor)!);
    const nested = networks.get(layer)?.();
    if (nested === undefined) {
      numbers.set(outputs[0]!, append(layer, read));
      continue;
    }
    const inner = new Map(nested.inputs.map(({ tensor }, index) => [tensor, read[index]!]));
    for (const call of nested.calls) {
      inner.set(
        call.output,
        append(
          call.layer.layer,
          call.inputs.map((tensor) => inner.get(tensor)!),
        ),
      );
    }
    outputs.forEach((tensor, index) => {
      numbers.set(tensor, inner.get(nested.outputs[index]!.tensor)!);
    });
  }
  return run;
}

/** Ports with a number behind a name that another has: those of a layer that is called twice. */
function distinct(ports: readonly NetworkPort[]): NetworkPort[] {
  return ports.map((port, index) => {
    const before = ports.slice(0, index).filter(({ name }) => name === port.name).length;
    return before === 0 ? port : { ...port, name: `${port.name}_${before}` };
  });
}

/** The layer of that name. Throws `ArgumentError` with the names that there are. */
export function findLayer({ layers }: Network, name: string): Layer {
  const found = layers.find((layer) => layer.name === name);
  if (found === undefined) {
    throw new ArgumentError(
      `getLayer: there is no layer "${name}"; the model has ${listNames(layers.map((layer) => layer.name))}`,
    );
  }
  return found.layer;
}

/** Whether a call adds a term to the loss. */
export function addsLoss({ layer }: NetworkCall): boolean {
  return layer.layer.addsLoss === true;
}
