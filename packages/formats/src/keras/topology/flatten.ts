import type { Config, JsonValue, ModelTopology } from "@convoy/core";
import { isList, isObject } from "../../json.js";

type LayerTopology = ModelTopology["config"]["layers"][number];
type ModelConfig = Config & { readonly layers: readonly LayerTopology[] };
type Reference = readonly [layer: string, call: number, output: number];
type Path = readonly string[];

/** A call of a layer, and the tensors that it reads. */
interface Call {
  readonly layer: FlatLayer;
  readonly inputs: readonly Tensor[];
}

/** An output of a call. */
interface Tensor {
  readonly call: Call;
  readonly output: number;
}

/** What a call gives, output by output. */
type Outputs = (output: number) => Tensor;

/** A layer of the flat model, and where it stands in the nested one. */
export interface FlatLayer {
  readonly path: Path;
  readonly name: string;
  readonly className: string;
  readonly config: Config;
}

/** A model in which no model is nested. */
export interface FlatModel {
  readonly topology: ModelTopology;
  readonly layers: readonly FlatLayer[];
}

/** Whether a layer stands in several places of a model: in models within, or twice in a stack. */
export function sharesLayers(config: Config): boolean {
  return (config as ModelConfig).layers.some(
    ({ sameAs, config: own }) => sameAs !== undefined || (own !== undefined && isList(own.layers) && sharesLayers(own)),
  );
}

/** The same model with the calls of the models within in place of those: each layer stands there once, however often it is called. */
export function flatten({ className, name, config }: ModelTopology): FlatModel {
  const own = config as unknown as ModelConfig;
  const flattening = new Flattening();
  flattening.collect(own, [], own.trainable !== false);
  const inputs = flattening.inputs(className, own);
  const outputs = flattening.callModel(className, own, [], inputs);
  const { layers, calls, reference } = numbered([...inputs, ...outputs]);
  const inner = {
    ...(own.name === undefined ? {} : { name: own.name }),
    trainable: own.trainable ?? true,
    seed: own.seed ?? 0,
    layers: layers.map((layer) => ({ className: layer.className, name: layer.name, config: layer.config })),
    calls,
    inputs: inputs.map(reference),
    outputs: outputs.map(reference),
  };
  return { topology: { className: "Functional", name, config: inner } as unknown as ModelTopology, layers };
}

class Flattening {
  /** Layers by their path as JSON. */
  readonly #layers = new Map<string, FlatLayer>();
  readonly #models = new Map<
    string,
    { readonly className: string; readonly config: ModelConfig; readonly path: Path }
  >();
  /** Where a layer that stands in several places stands first. */
  readonly #first = new Map<string, string>();
  readonly #names = new Set<string>();

  /** Notes the layers of a model and of those within. */
  collect(config: ModelConfig, path: Path, trainable: boolean): void {
    for (const { className, name, sameAs, config: own = {} } of config.layers) {
      const inner = [...path, name];
      if (sameAs !== undefined) {
        this.#first.set(JSON.stringify(inner), JSON.stringify(sameAs));
      } else if (isList(own.layers)) {
        this.#models.set(JSON.stringify(inner), { className, config: own as ModelConfig, path: inner });
        this.collect(own as ModelConfig, inner, trainable && own.trainable !== false);
      } else if (className !== "InputLayer" || path.length === 0) {
        const frozen = trainable && own.trainable !== false ? {} : { trainable: false };
        const flat = this.#distinct(inner);
        this.#layers.set(JSON.stringify(inner), {
          className,
          name: flat,
          path: inner,
          config: { ...own, ...frozen, name: flat },
        });
      }
    }
  }

  /** A name for a layer: its own, or with those of the models around it. */
  #distinct(path: Path): string {
    const candidates = [path.at(-1)!, path.join("_")];
    let name = candidates.find((candidate) => !this.#names.has(candidate));
    for (let count = 1; name === undefined; count++) {
      const numberedName = `${path.join("_")}_${count}`;
      name = this.#names.has(numberedName) ? undefined : numberedName;
    }
    this.#names.add(name);
    return name;
  }

  /** What the model around all reads. */
  inputs(className: string, config: ModelConfig): Tensor[] {
    const source = (layer: FlatLayer): Tensor => ({ call: { layer, inputs: [] }, output: 0 });
    if (className !== "Sequential") {
      return references(config.inputs).map(([name]) => source(this.#layers.get(JSON.stringify([name]))!));
    }
    const [first] = config.layers;
    if (first?.className === "InputLayer") {
      return [source(this.#layers.get(JSON.stringify([first.name]))!)];
    }
    const name = this.#distinct(["input_layer"]);
    const own = { shape: config.inputShape as JsonValue, name };
    return [source({ path: [name], name, className: "InputLayer", config: own })];
  }

  /** The calls of a model on some tensors. */
  callModel(className: string, config: ModelConfig, path: Path, inputs: readonly Tensor[]): Tensor[] {
    if (className === "Sequential") {
      const stack = config.layers.filter((entry) => entry.className !== "InputLayer");
      return stack.reduce<Tensor[]>((read, { name }) => [this.#call([...path, name], read)(0)], [...inputs]);
    }
    const sources = new Map(references(config.inputs).map(([name], index) => [name, inputs[index]!]));
    const results = new Map<string, Outputs[]>();
    const find = ([name, call, output]: Reference): Tensor => results.get(name)![call]!(output);
    const calls = config.calls as unknown as readonly { readonly layer: string; readonly inputs: Reference[] }[];
    for (const { layer, inputs: read } of calls) {
      const source = sources.get(layer);
      const outputs = source === undefined ? this.#call([...path, layer], read.map(find)) : () => source;
      results.set(layer, [...(results.get(layer) ?? []), outputs]);
    }
    return references(config.outputs).map(find);
  }

  #call(path: Path, inputs: readonly Tensor[]): Outputs {
    const own = JSON.stringify(path);
    const key = this.#first.get(own) ?? own;
    const inner = this.#models.get(key);
    if (inner !== undefined) {
      const outputs = this.callModel(inner.className, inner.config, inner.path, inputs);
      return (output) => outputs[output]!;
    }
    const call = { layer: this.#layers.get(key)!, inputs };
    return (output) => ({ call, output });
  }
}

/** The calls that some tensors need, in an order in which they can run, and the layers that they are of. */
function numbered(ends: readonly Tensor[]): {
  readonly layers: readonly FlatLayer[];
  readonly calls: readonly { readonly layer: string; readonly inputs: readonly Reference[] }[];
  readonly reference: (tensor: Tensor) => Reference;
} {
  const numbers = new Map<Call, number>();
  const counts = new Map<FlatLayer, number>();
  // Without recursion: models may be thousands of layers deep.
  for (const { call: end } of ends) {
    const stack = [{ call: end, next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const before = numbers.has(top.call) ? undefined : top.call.inputs[top.next++]?.call;
      if (before !== undefined) {
        stack.push({ call: before, next: 0 });
        continue;
      }
      stack.pop();
      if (!numbers.has(top.call)) {
        const count = counts.get(top.call.layer) ?? 0;
        counts.set(top.call.layer, count + 1);
        numbers.set(top.call, count);
      }
    }
  }
  const reference = ({ call, output }: Tensor): Reference => [call.layer.name, numbers.get(call)!, output];
  return {
    layers: [...counts.keys()],
    calls: [...numbers.keys()].map(({ layer, inputs }) => ({ layer: layer.name, inputs: inputs.map(reference) })),
    reference,
  };
}

/** References as a list: one, several, or several by name. */
export function references(value: JsonValue | undefined): Reference[] {
  if (isObject(value)) {
    return Object.values(value) as unknown as Reference[];
  }
  const list = isList(value) ? value : [];
  return (typeof list[0] === "string" ? [list] : list) as unknown as Reference[];
}
