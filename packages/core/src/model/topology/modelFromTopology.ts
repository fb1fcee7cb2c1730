import { checkOptions } from "../../checkOption.js";
import { brief, type Config, type CustomObjects, isConfig, type JsonValue } from "../../config.js";
import { listNames, ModelFileError } from "../../errors.js";
import { InputLayer } from "../../layers/inputLayer.js";
import type { Layer, SymbolicTensor } from "../../layers/layer.js";
import { makeLayer } from "../../layers/layerClasses.js";
import type { Tensor } from "../../tensor.js";
import { networkOf } from "../declare/network.js";
import { model } from "../functional.js";
import type { Model } from "../model.js";
import { sequential } from "../sequential.js";
import { checkCommon, expectConfig, expectList, expectString, place, within } from "./expectJson.js";
import type { LayerTopology, ModelTopology } from "./topology.js";

/** How topologies become models. */
export interface TopologyOptions {
  /** Makes layers, initializers and the like of your own from their configs, by class name. */
  readonly customObjects?: CustomObjects;
}

/** What is known while a topology is read. */
interface Reading {
  readonly customObjects: CustomObjects;
  /** Layers by the names of the models around them and their own, as JSON; in the order in which they were complete. */
  readonly layers: Map<string, ListedLayer>;
  /** How many layers run when a model is called, those of models within counted at each of their calls. */
  readonly callCounts: Map<Layer, number>;
  /** Called before a layer of the file is called for the first time, on samples of these shapes. */
  readonly beforeCall: (layer: Layer, path: readonly string[], inputs: readonly SymbolicTensor[]) => void;
}

/** A layer that was made, and what of. */
interface ListedLayer {
  readonly layer: Layer;
  readonly config: Config;
}

/** How deep models may be nested. */
const maxDepth = 64;

/** How many layers a model may list, those of models within included. */
const maxLayers = 10_000;

/** How many layers may run when a model is called: models within models make that grow with every level. */
const maxCalls = 20_000;

/**
 * A model from its topology, with first weights drawn by its seed: the inverse of `modelTopology`. Nothing of the topology is
 * run as code. Throws `ModelFileError` that says which layer is wrong in what, also for classes that are neither Convoy's nor
 * among `customObjects`.
 */
export function modelFromTopology<Outputs = Tensor<Float32Array>>(
  topology: ModelTopology,
  options: TopologyOptions = {},
): Model<Outputs> {
  const { customObjects = {} } = checkOptions("modelFromTopology", options, ["customObjects"]);
  return readTopology(topology as unknown as JsonValue, customObjects) as unknown as Model<Outputs>;
}

/**
 * A layer from its class name and its config, as `layer.className` and `layer.config` are; a model from `modelTopology`. Keras'
 * `deserialize`. Throws `ModelFileError` like `modelFromTopology`.
 */
export function layerFromConfig(
  { className, config }: { readonly className: string; readonly config: Config },
  options: TopologyOptions = {},
): Layer {
  const { customObjects = {} } = checkOptions("layerFromConfig", options, ["customObjects"]);
  const reading = startReading(customObjects);
  const layer = readLayer({ className, name: className, config }, [], reading);
  restoreTrainable([...reading.layers.values(), { layer, config }]);
  return layer;
}

/** A model from what a file says. */
export function readTopology(
  topology: JsonValue | undefined,
  customObjects: CustomObjects,
  beforeCall: Reading["beforeCall"] = () => undefined,
): Model<unknown> {
  if (!isConfig(topology) || !isModelClass(topology.className)) {
    throw new ModelFileError(
      `topology: ${brief(topology)} is no model, expected { className: "Sequential" or "Functional", config }`,
    );
  }
  const reading = startReading(customObjects, beforeCall);
  const layer = readModel(topology.className, topology.config, [], reading);
  restoreTrainable([...reading.layers.values(), { layer, config: topology.config as Config }]);
  return layer;
}

function startReading(customObjects: CustomObjects, beforeCall: Reading["beforeCall"] = () => undefined): Reading {
  return { customObjects, layers: new Map(), callCounts: new Map(), beforeCall };
}

function isModelClass(className: JsonValue | undefined): className is ModelTopology["className"] {
  return className === "Sequential" || className === "Functional";
}

function readLayer(entry: LayerTopology, path: readonly string[], reading: Reading): Layer {
  const className = expectString(path, "className", entry.className);
  const config = expectConfig(path, "config", entry.config);
  checkCommon(path, config);
  return isModelClass(className)
    ? readModel(className, config, path, reading)
    : within(path, className, () => makeLayer(className, config, reading.customObjects));
}

function readModel(
  className: ModelTopology["className"],
  given: JsonValue | undefined,
  path: readonly string[],
  reading: Reading,
): Model<unknown> {
  if (path.length > maxDepth) {
    throw new ModelFileError(`${place(path.slice(0, 3))}: models within models are more than ${maxDepth} deep`);
  }
  const config = expectConfig(path, "config", given);
  checkCommon(path, config);
  const entries = expectList(path, "layers", config.layers).map((value, index): LayerTopology => {
    const entry = expectConfig(path, `layers[${index}]`, value);
    expectString(path, `layers[${index}].name`, entry.name);
    return entry as unknown as LayerTopology;
  });
  const layers = entries.map((entry) => listedLayer(entry, [...path, entry.name], reading));
  const settings = {
    ...(config.name === undefined ? {} : { name: config.name as string }),
    ...(config.seed === undefined ? {} : { seed: config.seed as number }),
  };
  const made = within(path, className, () =>
    className === "Sequential"
      ? readSequential(layers, entries, config, path, settings, reading)
      : readFunctional(layers, entries, config, path, settings, reading),
  );
  checkNames(made, layers, entries, path);
  return made;
}

/** A layer that a model lists: a new one, or one from before. */
function listedLayer(entry: LayerTopology, path: readonly string[], reading: Reading): Layer {
  if (entry.sameAs === undefined) {
    const key = JSON.stringify(path);
    const layer = readLayer(entry, path, reading);
    if (reading.layers.has(key)) {
      throw new ModelFileError(`${place(path)}: there are two layers of that name`);
    }
    reading.layers.set(key, { layer, config: entry.config as Config });
    if (reading.layers.size > maxLayers) {
      throw new ModelFileError(`topology: there are more than ${maxLayers} layers`);
    }
    return layer;
  }
  const names = expectList(path, "sameAs", entry.sameAs as JsonValue);
  const listed = names.every((name) => typeof name === "string")
    ? reading.layers.get(JSON.stringify(names))
    : undefined;
  if (listed === undefined) {
    throw new ModelFileError(`${place(path)}: sameAs is ${brief(entry.sameAs)}, which names no layer before it`);
  }
  return listed.layer;
}

/** Counts a call of a layer of `model`. Throws where they become too many. */
function countCall(path: readonly string[], count: number, layer: Layer, { callCounts }: Reading): number {
  const total = count + (callCounts.get(layer) ?? 1);
  if (total > maxCalls) {
    throw new ModelFileError(`${place(path)}: more than ${maxCalls} layers would run when the model is called`);
  }
  return total;
}

type Settings = { readonly name?: string; readonly seed?: number };

function readSequential(
  layers: readonly Layer[],
  entries: readonly LayerTopology[],
  config: Config,
  path: readonly string[],
  settings: Settings,
  reading: Reading,
): Model<unknown> {
  if (config.inputShape === undefined) {
    throw new ModelFileError(`${place(path)}: inputShape is missing, expected the shape of one sample`);
  }
  if (layers.length === 0) {
    throw new ModelFileError(`${place(path)}: a Sequential without layers`);
  }
  const shape = config.inputShape as readonly number[];
  const made = sequential([], settings);
  let count = 0;
  let tensor = new InputLayer({ shape }).source();
  layers.forEach((layer, index) => {
    const own = [...path, entries[index]!.name];
    count = countCall(path, count, layer, reading);
    if (!(layer instanceof InputLayer)) {
      reading.beforeCall(layer, own, [tensor]);
    }
    within(own, layer.className, () => {
      made.add(layer);
      made.build(shape);
      tensor = made.output;
    });
  });
  claimFirstWeights(layers, entries, path);
  reading.callCounts.set(made, count);
  return made;
}

function readFunctional(
  layers: readonly Layer[],
  entries: readonly LayerTopology[],
  config: Config,
  path: readonly string[],
  settings: Settings,
  reading: Reading,
): Model<unknown> {
  const byName = new Map(entries.map(({ name }, index) => [name, layers[index]!]));
  if (byName.size < entries.length) {
    throw new ModelFileError(`${place(path)}: two of its layers have the same name`);
  }
  const outputs = new Map<string, (readonly SymbolicTensor[])[]>();
  let count = 0;
  const tensor = (what: string, reference: JsonValue | undefined): SymbolicTensor => {
    const [name, call, index] = Array.isArray(reference) ? (reference as readonly JsonValue[]) : [];
    const known = typeof name === "string" && Number.isInteger(call) && Number.isInteger(index);
    const found = known ? outputs.get(name)?.[call as number]?.[index as number] : undefined;
    if (found === undefined) {
      throw new ModelFileError(
        `${place(path)}: ${what} reads ${brief(reference)}, which no call before it gives; expected [layer, call, output]`,
      );
    }
    return found;
  };
  expectList(path, "calls", config.calls).forEach((value, number) => {
    const call = expectConfig(path, `calls[${number}]`, value);
    const name = expectString(path, `calls[${number}].layer`, call.layer);
    const layer = byName.get(name);
    if (layer === undefined) {
      throw new ModelFileError(`${place(path)}: calls[${number}] is of layer "${name}", which is not among its layers`);
    }
    const inputs = expectList(path, `calls[${number}].inputs`, call.inputs).map((reference) =>
      tensor(`calls[${number}] (${name})`, reference),
    );
    count = countCall(path, count, layer, reading);
    const given = within([...path, name], layer.className, () => {
      if (layer instanceof InputLayer) {
        return [layer.source()];
      }
      reading.beforeCall(layer, [...path, name], inputs);
      return layer.connect(inputs);
    });
    if (!outputs.has(name)) {
      outputs.set(name, []);
    }
    outputs.get(name)!.push(given);
  });
  claimFirstWeights(layers, entries, path);
  const tensors = (what: "inputs" | "outputs"): SymbolicTensor | SymbolicTensor[] | Record<string, SymbolicTensor> => {
    const references = config[what];
    if (isConfig(references)) {
      return Object.fromEntries(
        Object.entries(references).map(([name, reference]) => [name, tensor(`${what}.${name}`, reference)]),
      );
    }
    const list = expectList(path, what, references);
    return typeof list[0] === "string"
      ? tensor(what, list)
      : list.map((reference, index) => tensor(`${what}[${index}]`, reference));
  };
  const made = model({ inputs: tensors("inputs"), outputs: tensors("outputs"), ...settings });
  reading.callCounts.set(made, count);
  return made;
}

/** First weights that were drawn as those of another model. */
function claimFirstWeights(layers: readonly Layer[], entries: readonly LayerTopology[], path: readonly string[]): void {
  entries.forEach(({ name, firstWeights }, index) => {
    if (firstWeights === undefined) {
      return;
    }
    const { seed, instance } = expectConfig([...path, name], "firstWeights", firstWeights);
    if (![seed, instance].every((value) => Number.isSafeInteger(value) && (value as number) >= 0)) {
      throw new ModelFileError(
        `${place([...path, name])}: firstWeights is ${brief(firstWeights)}, expected { seed, instance } of at least 0`,
      );
    }
    layers[index]!.weights?.claim(seed as number, instance as number, name);
  });
}

/** The model numbers layers without a name of their own; that has to come out as it is written. */
function checkNames(
  made: Model<unknown>,
  layers: readonly Layer[],
  entries: readonly LayerTopology[],
  path: readonly string[],
): void {
  const network = networkOf(made);
  const names = new Map(network.layers.map(({ layer, name }) => [layer, name]));
  layers.forEach((layer, index) => {
    const { name } = entries[index]!;
    const actual = names.get(layer);
    if (actual === undefined) {
      throw new ModelFileError(`${place([...path, name])}: no output of the model depends on it`);
    }
    if (actual !== name) {
      throw new ModelFileError(
        `${place([...path, name])}: the model would call it "${actual}"; give the name in its config, too`,
      );
    }
  });
  const listed = new Set(layers);
  const missing = network.layers.filter(({ layer }) => !listed.has(layer));
  if (missing.length > 0) {
    throw new ModelFileError(
      `${place(path)}: layers ${listNames(missing.map(({ name }) => name))} are not in its list`,
    );
  }
}

/**
 * Setting `trainable` of a model sets it for all layers within, which may have been set since: from the outermost models inwards.
 * Layers are noted once they are complete, so what is within comes before what is around it.
 */
function restoreTrainable(layers: readonly ListedLayer[]): void {
  for (const { layer, config } of [...layers].reverse()) {
    const trainable = (config.trainable as boolean | undefined) ?? true;
    if (layer.trainable !== trainable) {
      layer.trainable = trainable;
    }
  }
}
