import {
  ConvoyError,
  type CustomObjects,
  formatShape,
  input as inputTensor,
  type JsonValue,
  type Layer,
  Layer as LayerClass,
  layerFromConfig,
  layers,
  type Model,
  ModelFileError,
  model,
  type SymbolicTensor,
  sequential,
} from "@convoy/core";
import { brief, expectList, expectObject, expectSizes, isList, isObject, type JsonObject } from "../../json.js";
import { currentClassName, currentConfig, mergeClass } from "./keras1.js";
import { isKnownClass, layerRecipe } from "./layerClasses.js";
import { chooseLayout, FileTensorNode, makeTurn } from "./layouts.js";
import { type FileCall, type FileReference, outputReferences, readCalls } from "./nodes.js";
import { operationLayer } from "./operations.js";

/** A layer of a file beside the one that was made of it; of a model within, its layers. */
export interface FileLayer {
  readonly name: string;
  /** As the file has it. */
  readonly className: string;
  readonly layer: Layer;
  /** Those of a model. */
  readonly layers?: readonly FileLayer[];
  readonly trainable: boolean;
}

/** How a topology is read. */
export interface TopologySettings {
  /** Functions that make layers of classes that are not known, from the config as the file has it. */
  readonly customObjects: CustomObjects;
  /** 1, 2 or 3. */
  readonly kerasMajor: number;
  readonly warn: (message: string) => void;
  /** Shape of one sample, for files that do not say it. */
  readonly inputShape?: readonly number[] | undefined;
  /** How many weights the file can hold at most. */
  readonly maxWeights: number;
}

/** A model of a file: what was made of it, and its layers in the order of the file. */
export interface FileModel extends FileLayer {
  readonly layer: Model<unknown>;
  readonly layers: readonly FileLayer[];
}

const sequentialClasses = new Set(["Sequential"]);
const functionalClasses = new Set(["Functional", "Model"]);

/** Most layers that a file may hold, those of models within included. */
const maxLayers = 20_000;

/** Most layers that may run when the model is called: models within models make that grow with every level. */
const maxCalls = 100_000;

class TopologyReader {
  readonly #settings: TopologySettings;
  #layerCount = 0;
  readonly #turn = makeTurn();
  readonly #counted = new Set<Layer>();
  #weights = 0;
  /** How many layers run when a model is called. */
  readonly #callCounts = new Map<Layer, number>();
  readonly #shared = new Map<number, MadeLayer>();

  constructor(settings: TopologySettings) {
    this.#settings = settings;
  }

  /** A model from { class_name, config }. */
  readModel(what: string, value: JsonValue | undefined, depth: number, sampleShape?: readonly number[]): FileModel {
    const { class_name: className, config } = expectObject(what, value);
    if (depth > 32) {
      throw new ModelFileError(`${what}: models within models are more than 32 deep`);
    }
    if (typeof className === "string" && sequentialClasses.has(className)) {
      // Keras 1 has the layers there themselves.
      const own = isList(config) ? { layers: config } : expectObject(`${what}: config`, config);
      return this.#sequential(what, className, own, depth, sampleShape);
    }
    if (
      typeof className === "string" &&
      functionalClasses.has(className) &&
      isObject(config) &&
      isList(config.layers)
    ) {
      return this.#functional(what, className, config, depth);
    }
    throw new ModelFileError(
      `${what}: ${brief(className)} is a class of its author's own, whose layers stand in Python code and not in the file; ` +
        "save a Sequential or functional model, or make the model here and load its weights alone with loadWeights",
    );
  }

  /** A layer, or a model that is one, for samples of these shapes: the same where Keras 3 says that models share it. */
  #layer(what: string, value: JsonObject, depth: number, inputs: readonly FileTensorNode[]): MadeLayer {
    const id = this.#settings.kerasMajor === 3 ? value.shared_object_id : undefined;
    if (typeof id !== "number") {
      return this.#newLayer(what, value, depth, inputs);
    }
    const made = this.#shared.get(id) ?? this.#newLayer(what, value, depth, inputs);
    this.#shared.set(id, made);
    return made;
  }

  #newLayer(what: string, value: JsonObject, depth: number, inputs: readonly FileTensorNode[]): MadeLayer {
    if (++this.#layerCount > maxLayers) {
      throw new ModelFileError(`${what}: there are more than ${maxLayers} layers`);
    }
    const given = value.class_name;
    const config = value.config;
    const label = nameOf(value) ?? brief(given);
    if (typeof given !== "string") {
      throw new ModelFileError(`${what} has class_name ${brief(given)}, expected a text`);
    }
    const place = `layer ${label} (${given})`;
    const { customObjects, kerasMajor, warn } = this.#settings;
    if (Object.hasOwn(customObjects, given)) {
      return this.#custom(place, given, label, isObject(config) ? config : {});
    }
    if (sequentialClasses.has(given) || functionalClasses.has(given)) {
      const nested = this.readModel(place, value, depth + 1, inputs[0]?.asWritten().shape);
      return { file: nested, config: {}, className: given };
    }
    const own = expectObject(`${place}: config`, config);
    const operation = operationLayer(place, value, inputs.length);
    if (operation !== undefined) {
      const layer = within(place, () => layerFromConfig(named(operation, own.name)));
      return {
        file: { name: label, className: given, layer, trainable: true },
        config: {},
        className: operation.className,
      };
    }
    let [className, current] = [currentClassName(given), currentConfig(place, given, own, kerasMajor)];
    if (className === "Merge") {
      ({ className, config: current } = mergeClass(place, own));
    }
    if (!isKnownClass(className)) {
      throw unknownClass(place, given);
    }
    const rank = inputs[0]?.rank ?? 0;
    const layout = chooseLayout(className, current, inputs, rank);
    if (layout.channelsLast && rank > 1 && (current.activation === "softmax" || current.activation === "log_softmax")) {
      throw new ModelFileError(
        `${place}: ${current.activation} with channels_first runs along the columns of images, which is not read`,
      );
    }
    const recipe = layerRecipe(className, current, { what: place, kerasMajor, warn });
    const trainable = own.trainable !== false;
    const options = { ...recipe.config, ...layout.options, ...(trainable ? {} : { trainable }) };
    const layer = within(place, () => layerFromConfig(named({ ...recipe, config: options }, own.name)));
    return {
      file: { name: label, className: given, layer, trainable },
      config: current,
      className,
    };
  }

  #custom(place: string, className: string, name: string, config: JsonObject): MadeLayer {
    const layer = within(place, () => this.#settings.customObjects[className]!(config));
    if (!(layer instanceof LayerClass)) {
      throw new ModelFileError(
        `${place}: customObjects.${className} returned no layer; it must return what defineLayer does`,
      );
    }
    return { file: { name, className, layer, trainable: config.trainable !== false }, config: {}, className };
  }

  /** Throws where a layer has more weights than the file can hold: before memory or time is spent on it. */
  #countWeights(place: string, layer: Layer): void {
    if (this.#counted.has(layer)) {
      return;
    }
    this.#counted.add(layer);
    for (const { name, shape } of layer.weights?.parameters ?? []) {
      this.#weights += shape.reduce((product, size) => product * size, 1);
      if (!(this.#weights <= this.#settings.maxWeights)) {
        throw new ModelFileError(
          `${place}: ${name} of shape ${formatShape(shape)} has more numbers than the file holds; it is damaged or of another model`,
        );
      }
    }
  }

  /** Counts a call of a layer. Throws where there are too many. */
  #countCall(place: string, count: number, layer: Layer): number {
    const total = count + (this.#callCounts.get(layer) ?? 1);
    if (total > maxCalls) {
      throw new ModelFileError(`${place}: more than ${maxCalls} layers would run when the model is called`);
    }
    return total;
  }

  /** Calls a layer in the form that it needs. */
  #call({ file, config, className }: MadeLayer, inputs: readonly FileTensorNode[]): FileTensorNode[] {
    const place = `layer ${file.name} (${file.className})`;
    const layout = chooseLayout(className, config, inputs, inputs[0]?.rank ?? 0);
    const tensors = inputs.map((input) => (layout.channelsLast ? input.channelsLast() : input.asWritten()));
    const outputs = within(place, () => file.layer.connect(tensors, file.name));
    this.#countWeights(place, file.layer);
    return outputs.map((tensor) =>
      layout.givesChannels ? FileTensorNode.turned(tensor, this.#turn) : FileTensorNode.asWritten(tensor, this.#turn),
    );
  }

  #sequential(
    what: string,
    className: string,
    config: JsonObject,
    depth: number,
    sampleShape: readonly number[] | undefined,
  ): FileModel {
    const entries = expectList(`${what}: layers`, config.layers).map((entry, index) =>
      expectObject(`${what}: layers[${index}]`, entry),
    );
    const first = entries[0];
    if (first === undefined) {
      throw new ModelFileError(`${what}: a Sequential without layers`);
    }
    const shape =
      sampleShape ??
      (depth === 0 ? this.#settings.inputShape : undefined) ??
      sequentialShape(what, config, first) ??
      this.#firstModelShape(first);
    if (shape === undefined) {
      throw new ModelFileError(
        `${what}: the shape of its samples is not in the file; pass inputShape, such as inputShape: [28, 28, 1]`,
      );
    }
    const name = typeof config.name === "string" ? config.name : undefined;
    const begins = first.class_name === "InputLayer";
    const inputName = begins ? nameOf(first) : undefined;
    const made = within(what, () =>
      sequential(
        [layers.input({ shape, ...(inputName === undefined ? {} : { name: inputName }) })],
        name === undefined ? {} : { name },
      ),
    );
    const listed: FileLayer[] = [];
    const names = new Set<string>();
    let count = 0;
    let turned = false;
    const turn = (last: boolean): void => {
      const rank = made.output.shape.length;
      if (turned !== last && rank > 1) {
        made.add(this.#turn(rank, last));
      }
      turned = last;
    };
    for (const entry of begins ? entries.slice(1) : entries) {
      if (entry.class_name === "InputLayer") {
        continue;
      }
      const node = within(what, () =>
        turned ? FileTensorNode.turned(made.output, this.#turn) : FileTensorNode.asWritten(made.output, this.#turn),
      );
      const { file, className: current, config: own } = this.#layer(what, entry, depth, [node]);
      const place = `layer ${file.name} (${file.className})`;
      if (nameOf(entry) !== undefined && names.has(file.name)) {
        throw new ModelFileError(`${what}: two layers are called "${file.name}"`);
      }
      names.add(file.name);
      const layout = chooseLayout(current, own, [node], node.rank);
      within(place, () => {
        turn(layout.channelsLast);
        made.add(file.layer);
        turned = layout.givesChannels;
        count = this.#countCall(place, count, file.layer);
        void made.output;
      });
      this.#countWeights(place, file.layer);
      listed.push(file);
    }
    turn(false);
    this.#callCounts.set(made, count);
    within(what, () => void made.output);
    return this.#finished(made, name ?? "sequential", className, listed, config);
  }

  /** The samples of a first model within, where they are said there. */
  #firstModelShape(first: JsonObject): readonly number[] | undefined {
    const { class_name: className, config } = first;
    if (typeof className !== "string") {
      return undefined;
    }
    if (sequentialClasses.has(className)) {
      const entries = isList(config) ? config : isObject(config) ? config.layers : undefined;
      const inner = isList(entries) ? entries[0] : undefined;
      return isObject(inner)
        ? (sequentialShape(className, isObject(config) ? config : {}, inner) ?? this.#firstModelShape(inner))
        : undefined;
    }
    if (functionalClasses.has(className) && isObject(config) && isList(config.layers)) {
      const source = config.layers.find((entry) => isObject(entry) && entry.class_name === "InputLayer");
      return isObject(source) ? sampleShapeOf(className, isObject(source.config) ? source.config : {}) : undefined;
    }
    return undefined;
  }

  #finished(
    made: Model<unknown>,
    name: string,
    className: string,
    listed: readonly FileLayer[],
    config: JsonObject,
  ): FileModel {
    const trainable = config.trainable !== false;
    if (!trainable) {
      made.trainable = false;
    }
    return { name, className, layer: made, layers: listed, trainable };
  }

  #functional(what: string, className: string, config: JsonObject, depth: number): FileModel {
    const calls = readCalls(what, config);
    const made = new Map<string, MadeLayer>();
    const results = new Map<FileCall, readonly FileTensorNode[]>();
    let count = 0;
    const node = (reference: FileReference): FileTensorNode => {
      const found = calls.find(what, reference);
      return results.get(found)?.[reference.output] ?? missing(what, reference);
    };
    for (const call of calls.ordered(what)) {
      const { entry, name, inputs } = call;
      if (entry.class_name === "InputLayer") {
        const given = depth === 0 ? this.#settings.inputShape : undefined;
        const shape = given ?? sampleShapeOf(`layer ${name}`, expectObject(`layer ${name}: config`, entry.config));
        if (shape === undefined) {
          throw new ModelFileError(`layer ${name} (InputLayer): its shape is not in the file; pass inputShape`);
        }
        const tensor = within(`layer ${name}`, () => inputTensor({ shape, name }));
        results.set(call, [FileTensorNode.asWritten(tensor, this.#turn)]);
        made.set(name, {
          file: { name, className: "InputLayer", layer: tensor.call.layer, trainable: true },
          config: {},
          className: "InputLayer",
        });
        continue;
      }
      const read = inputs.map(node);
      const layer = made.get(name) ?? this.#layer(what, entry, depth, read);
      made.set(name, layer);
      count = this.#countCall(`layer ${name}`, count, layer.file.layer);
      results.set(call, this.#call(layer, read));
    }
    const ends = (key: "input_layers" | "output_layers"): SymbolicTensor[] =>
      outputReferences(`${what}: ${key}`, config[key]).map((reference) => node(reference).asWritten());
    const name = typeof config.name === "string" ? config.name : undefined;
    const inputs = ends("input_layers");
    const outputs = ends("output_layers");
    const built = within(what, () =>
      model({
        inputs: inputs.length === 1 ? inputs[0]! : inputs,
        outputs: outputs.length === 1 ? outputs[0]! : outputs,
        ...(name === undefined ? {} : { name }),
      }),
    ) as Model<unknown>;
    this.#callCounts.set(built, count);
    const listed = calls.names.flatMap((layerName) => made.get(layerName)?.file ?? []);
    return this.#finished(built, name ?? "functional", className, listed, config);
  }
}

/** A layer with what decides about its form. */
interface MadeLayer {
  readonly file: FileLayer;
  readonly className: string;
  /** In Keras' names; empty where it has no say. */
  readonly config: JsonObject;
}

function missing(what: string, { layer, call, output }: FileReference): never {
  throw new ModelFileError(`${what}: output ${output} of call ${call} of layer "${layer}" is read, but there is none`);
}

function unknownClass(place: string, className: string): ModelFileError {
  const reason =
    className === "Lambda"
      ? "holds Python code, which is not run"
      : className === "TFOpLambda" || className === "SlicingOpLambda"
        ? "is an operation that is not here"
        : "is no layer that is here";
  return new ModelFileError(
    `${place} ${reason}; pass customObjects: { ${className}: (config) => aLayer }, with a layer from layers or defineLayer that does the same`,
  );
}

function nameOf(entry: JsonObject): string | undefined {
  const own = isObject(entry.config) ? entry.config.name : undefined;
  return typeof entry.name === "string" ? entry.name : typeof own === "string" ? own : undefined;
}

function named<T extends { className: string; config: object }>(recipe: T, name: JsonValue | undefined): T {
  return typeof name === "string" ? { ...recipe, config: { ...recipe.config, name } } : recipe;
}

/** Shape of one sample from the config of an InputLayer or a first layer: without the batch, which may be fixed. */
function sampleShapeOf(what: string, config: JsonObject): readonly number[] | undefined {
  const shape = config.batch_input_shape ?? config.batch_shape;
  if (shape === undefined || shape === null) {
    return undefined;
  }
  const [, ...sample] = expectList(`${what}: ${brief(shape)}`, shape);
  if (sample.some((size) => size === null)) {
    throw new ModelFileError(
      `${what}: takes samples of any size, ${brief(shape)}; models here have one. Pass inputShape, such as inputShape: [224, 224, 3]`,
    );
  }
  return expectSizes(what, sample);
}

/** Shape of the samples of a Sequential, from where one of the versions of Keras writes it. */
function sequentialShape(what: string, config: JsonObject, first: JsonObject): readonly number[] | undefined {
  const own = isObject(first.config) ? sampleShapeOf(`${what}, first layer`, first.config) : undefined;
  if (own !== undefined) {
    return own;
  }
  const built = isList(config.build_input_shape) ? config.build_input_shape : undefined;
  return built === undefined || built.slice(1).some((size) => size === null)
    ? undefined
    : expectSizes(`${what}: build_input_shape`, built.slice(1));
}

/** Runs what may refuse what the file says; errors say where that is. */
function within<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ModelFileError && error.message.startsWith("layer ")) {
      throw error;
    }
    if (error instanceof ConvoyError || error instanceof TypeError || error instanceof RangeError) {
      // Core says "topology (Dense): ..." where a layer's function refuses.
      throw new ModelFileError(`${place}: ${error.message.replace(/^topology \(\w+\): /, "")}`, { cause: error });
    }
    throw error;
  }
}

/** A model from a topology of any version of Keras or TensorFlow.js. Throws `ModelFileError` that names the layer that cannot be read. */
export function readTopology(value: JsonValue | undefined, settings: TopologySettings): FileModel {
  return new TopologyReader(settings).readModel("the model", value, 0);
}
