import {
  type Config,
  type JsonValue,
  type Layer,
  Model,
  type ModelTopology,
  modelTopology,
  type SymbolicTensor,
} from "@convoy/core";
import type { JsonObject } from "../../json.js";
import type { Dialect } from "./dialect.js";
import { references } from "./flatten.js";
import { loadingOrder } from "./loadingOrder.js";
import { writeLayer } from "./writeLayer.js";

type LayerTopology = ModelTopology["config"]["layers"][number];
type Reference = readonly [layer: string, call: number, output: number];

/** What a layer is to be called, by the names of the models around it and its own. */
export type Rename = (path: readonly string[]) => string;

/** For whom is written, and where in the model. */
interface Place {
  readonly dialect: Dialect;
  readonly path: readonly string[];
  readonly rename: Rename;
  readonly idle: (layer: string) => void;
}

/** Settings of writing. */
export interface WriteTopologyOptions {
  /** Default: their own names. */
  readonly rename?: Rename;
  /** What is told of layers that the program lacks and that only training knows; default `console.warn`. */
  readonly warn?: ((message: string) => void) | undefined;
}

/**
 * The layers of a model as a program wants them, { class_name, config }. Throws `ArgumentError` for what it has no word for.
 * @param model one of which no layer stands in several places: see `withoutSharing`
 */
export function writeTopology(
  model: Model,
  dialect: Dialect,
  { rename = (path) => path.at(-1)!, warn = console.warn }: WriteTopologyOptions = {},
): JsonObject {
  const { className, name, config } = modelTopology(model);
  const idle: string[] = [];
  const place = { dialect, path: [], rename, idle: (layer: string): number => idle.push(layer) };
  const written = writeModel(className, name, config as unknown as Config, model, place);
  if (idle.length > 0) {
    const [are, layers] = idle.length === 1 ? ["is", "a layer"] : ["are", "layers"];
    warn(
      `${idle.join(", ")} ${are} written as ${layers} that give on what they get, as when the model predicts: ${dialect.name} has no such ` +
        "layer, so it would train without",
    );
  }
  return written;
}

function writeModel(
  className: ModelTopology["className"],
  name: string,
  config: Config,
  model: Model,
  place: Place,
): JsonObject {
  const { dialect } = place;
  const common = { name, trainable: config.trainable ?? true };
  const entries = config.layers as unknown as readonly LayerTopology[];
  const written =
    className === "Sequential"
      ? { layers: sequentialLayers(entries, config, model, place) }
      : functionalConfig(entries, config, model, place);
  return wrapped(className, { ...common, ...written }, dialect);
}

/** With the module that Keras 3 looks a class up in. */
function wrapped(className: string, config: JsonObject, dialect: Dialect): JsonObject {
  if (dialect.major === 2) {
    // TensorFlow.js knows functional models by their older name.
    return { class_name: dialect.tfjs && className === "Functional" ? "Model" : className, config };
  }
  const module =
    className === "Functional" ? "keras.src.models.functional" : className === "Sequential" ? "keras" : "keras.layers";
  return { module, class_name: className, config, registered_name: className === "Functional" ? className : null };
}

function inputEntry(name: string, shape: JsonValue, dialect: Dialect): JsonObject {
  const batch = [null, ...(shape as readonly JsonValue[])];
  const config =
    dialect.major === 3
      ? { batch_shape: batch, dtype: "float32", sparse: false, name }
      : { batch_input_shape: batch, dtype: "float32", sparse: false, name };
  return wrapped("InputLayer", config, dialect);
}

function layerEntry(entry: LayerTopology, layer: Layer, { dialect, path, rename, idle }: Place): JsonObject {
  const own = [...path, entry.name];
  if (layer instanceof Model) {
    return writeModel(entry.className as ModelTopology["className"], rename(own), entry.config!, layer as Model, {
      dialect,
      path: own,
      rename,
      idle,
    });
  }
  const { className, config } = writeLayer(rename(own), entry.className, entry.config!, dialect, idle);
  return wrapped(className, config, dialect);
}

function sequentialLayers(entries: readonly LayerTopology[], config: Config, model: Model, place: Place): JsonObject[] {
  const { layers } = model;
  const { dialect } = place;
  const own = entries.map((entry, index) =>
    entry.className === "InputLayer"
      ? inputEntry(entry.name, config.inputShape!, dialect)
      : layerEntry(entry, layers[index]!, place),
  );
  return entries[0]?.className === "InputLayer"
    ? own
    : [inputEntry("input_layer", config.inputShape!, dialect), ...own];
}

function functionalConfig(entries: readonly LayerTopology[], config: Config, model: Model, place: Place): JsonObject {
  const { layers } = model;
  const { dialect, path, rename } = place;
  const classes = new Map(entries.map(({ name, className }) => [name, className]));
  const shapes = shapesOf(model, new Map(entries.map(({ name }, index) => [layers[index]!, name])));
  const calls = config.calls as unknown as readonly { readonly layer: string; readonly inputs: readonly Reference[] }[];
  const order = loadingOrder(
    entries.map(({ name }) => name),
    calls,
  );
  const numbered =
    (first: (className: string) => number) =>
    ([name, call, output]: Reference): Reference => [
      rename([...path, name]),
      order.get(name)!.indexOf(call) + first(classes.get(name)!),
      output,
    ];
  const read = numbered((className) => (dialect.major === 2 ? firstNumber(className, dialect) : 0));
  const end = numbered((className) => firstNumber(className, dialect));
  const node = (inputs: readonly Reference[]): JsonValue => {
    if (dialect.major === 2) {
      return inputs.map((reference) => [...read(reference), {}]);
    }
    const tensors = inputs.map((reference) => ({
      class_name: "__keras_tensor__",
      config: { shape: shapes(reference), dtype: "float32", keras_history: [...read(reference)] },
    }));
    return { args: tensors.length === 1 ? tensors : [tensors], kwargs: {} };
  };
  return {
    layers: entries.map((entry, index) => {
      const own = calls.filter(({ layer }) => layer === entry.name);
      const inOrder = order.get(entry.name)!.map((number) => own[number]!);
      const layer =
        entry.className === "InputLayer"
          ? inputEntry(rename([...path, entry.name]), entry.config!.shape ?? entry.config!.inputShape!, dialect)
          : layerEntry(entry, layers[index]!, place);
      const nodes = inOrder.filter(({ inputs }) => inputs.length > 0).map(({ inputs }) => node(inputs));
      return { ...layer, name: rename([...path, entry.name]), inbound_nodes: nodes };
    }),
    input_layers: references(config.inputs).map(end),
    output_layers: references(config.outputs).map(end),
  };
}

/**
 * Models within were called once already, when they were made. Keras 3 has that for functional ones alone, and only where inputs and
 * outputs of the model refer to them, not where layers do.
 */
function firstNumber(className: string, dialect: Dialect): number {
  return className === "Functional" || (className === "Sequential" && dialect.major === 2) ? 1 : 0;
}

/** Shapes of tensors with their batch, by what refers to them. */
function shapesOf(
  model: Model,
  names: ReadonlyMap<Layer, string>,
): (reference: Reference) => readonly (number | null)[] {
  const found = new Map<string, readonly (number | null)[]>();
  const counts = new Map<Layer, number>();
  const done = new Set<SymbolicTensor["call"]>();
  // In the order in which calls are numbered: inputs before what reads them.
  for (const { call: end } of model.outputs) {
    const stack = [{ call: end, next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const before = done.has(top.call) ? undefined : top.call.inputs[top.next++]?.call;
      if (before !== undefined) {
        stack.push({ call: before, next: 0 });
        continue;
      }
      stack.pop();
      if (!done.has(top.call)) {
        done.add(top.call);
        const number = counts.get(top.call.layer) ?? 0;
        counts.set(top.call.layer, number + 1);
        top.call.outputs.forEach(({ shape }, output) => {
          found.set(JSON.stringify([names.get(top.call.layer), number, output]), [null, ...shape]);
        });
      }
    }
  }
  return (reference) => found.get(JSON.stringify(reference)) ?? [];
}
