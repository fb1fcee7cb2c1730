import type { Config } from "../config.js";
import { ArgumentError, formatShape, ShapeError, StateError } from "../errors.js";
import { sameShape } from "../ops/checks.js";
import type { Shape } from "../ops/definition.js";
import type { Tensor } from "../tensor.js";
import type { TensorInput } from "../tensorInput.js";
import { checkWeights } from "./checkWeights.js";
import type { LayerDefinition } from "./definition.js";
import { inferLayer } from "./inference.js";
import { LayerWeights } from "./layerWeights.js";

/** A tensor that a model will compute: what layers are called on and give. It has a shape and no numbers. */
export class SymbolicTensor {
  /** Shape of one sample, without the batch axis. */
  readonly shape: Shape;
  /** The call of a layer that gives it. */
  readonly call: LayerCall;
  /** Which output of that call it is. */
  readonly index: number;

  constructor(shape: Shape, call: LayerCall, index: number) {
    this.shape = shape;
    this.call = call;
    this.index = index;
  }
}

/** A layer that was called on tensors: a node of the graph that models are made of. */
export interface LayerCall {
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
}

/** One tensor, several in order, or several by name. */
export type SymbolicTensors = SymbolicTensor | readonly SymbolicTensor[] | { readonly [name: string]: SymbolicTensor };

/** How layers are called. A model with several outputs gives them as it declares them: `base<SymbolicTensor[]>(x)`. */
export type CallLayer = <Outputs extends SymbolicTensors = SymbolicTensor>(inputs: SymbolicTensors) => Outputs;

/** An object that can be called; calling it calls its method `call`. */
class CallableObject {
  constructor() {
    const callable = ((inputs) => (callable as unknown as Layer).call(inputs)) as CallLayer;
    // biome-ignore lint/correctness/noConstructorReturn: a function is the only object that can be called.
    return Object.setPrototypeOf(callable, new.target.prototype) as CallableObject;
  }
}

const Callable: new () => CallLayer = CallableObject as unknown as new () => CallLayer;

/**
 * A layer. It is called on symbolic tensors, `layers.dense({ units: 10 })(x)`, or put into `sequential`. Called twice, it uses
 * the same weights twice; in several models, all of them train and use the same weights.
 */
export class Layer extends Callable implements LayerDefinition {
  readonly className: string;
  readonly defaultName: string;
  /** The name that the user gave, if any; a model has one in any case. */
  override readonly name: string | undefined;
  readonly inputShape: Shape | undefined;
  readonly inputCount: readonly [min: number, max: number] | undefined;
  readonly addsLoss: boolean | undefined;
  readonly parameters: LayerDefinition["parameters"];
  override readonly apply: LayerDefinition["apply"];
  readonly draws: LayerDefinition["draws"];
  readonly transform: LayerDefinition["transform"];
  readonly #definition: LayerDefinition;
  readonly #calls: LayerCall[] = [];
  #trainable: boolean;
  #weights: LayerWeights | undefined;

  constructor(definition: LayerDefinition) {
    super();
    this.#definition = definition;
    this.className = definition.className;
    this.defaultName = definition.defaultName;
    this.name = definition.name;
    this.inputShape = definition.inputShape;
    this.inputCount = definition.inputCount;
    this.addsLoss = definition.addsLoss;
    this.parameters = definition.parameters;
    this.apply = definition.apply;
    this.draws = definition.draws;
    this.transform = definition.transform;
    this.#trainable = definition.trainable ?? true;
  }

  /** Whether training changes its parameters. Models read it when they are compiled. */
  get trainable(): boolean {
    return this.#trainable;
  }

  set trainable(trainable: boolean) {
    this.#trainable = trainable;
  }

  /**
   * The options that make such a layer, as plain JSON: all that its function takes, with the values in effect. Undefined for a
   * layer of your own whose definition has none. Throws `ArgumentError` where an option, such as an initializer of your own,
   * does not say how it is made.
   */
  get config(): Config | undefined {
    const own = this.#definition.config;
    if (own === undefined) {
      return undefined;
    }
    const { givenName, inputShape, trainable } = this;
    return {
      ...own,
      ...(givenName === undefined ? {} : { name: givenName }),
      trainable,
      ...(inputShape === undefined ? {} : { inputShape }),
    };
  }

  /** The name that the user gave, if any. */
  get givenName(): string | undefined {
    return this.name;
  }

  /** Its weights once it was called. */
  get weights(): LayerWeights | undefined {
    return this.#weights;
  }

  /** What it was called on. Throws `StateError` unless it was called once. */
  get input(): SymbolicTensor | readonly SymbolicTensor[] {
    const { inputs } = this.#onlyCall("input");
    return inputs.length === 1 ? inputs[0]! : inputs;
  }

  /** What it gave, to make another model that ends here. Throws `StateError` unless it was called once. */
  get output(): SymbolicTensor {
    return this.#onlyCall("output").outputs[0]!;
  }

  /** Calls it on symbolic tensors, which the layer itself does as well: `layer(x)`. */
  override call<Outputs extends SymbolicTensors = SymbolicTensor>(inputs: SymbolicTensors): Outputs {
    return this.connect(symbolicList(this.label, inputs))[0] as SymbolicTensors as Outputs;
  }

  /**
   * Calls it on symbolic tensors in order and returns its outputs in order.
   * @param label what errors call it, where the model has named it
   */
  connect(inputs: readonly SymbolicTensor[], label: string = this.label): readonly SymbolicTensor[] {
    const [min, max] = this.inputCount ?? [1, 1];
    if (inputs.length < min || inputs.length > max) {
      const range = min === max ? `${min}` : max === Infinity ? `${min} or more` : `${min} to ${max}`;
      throw new ArgumentError(
        `layer ${label} (${this.className}) takes ${range} tensor${range === "1" ? "" : "s"}, got ${inputs.length}`,
      );
    }
    const shapes = inputs.map(({ shape }) => shape);
    if (this.inputShape !== undefined && inputs.length === 1 && !sameShape(this.inputShape, shapes[0]!)) {
      throw new ShapeError(
        `layer ${label}: its inputShape is ${formatShape(this.inputShape)}, but the layer before gives ` +
          formatShape(shapes[0]!),
      );
    }
    const sources = inputs.map(({ call }) => call.layer.label);
    return this.record(inputs, this.infer(shapes, label, sources));
  }

  /** What errors call it before a model has named it. */
  get label(): string {
    return this.givenName ?? this.defaultName;
  }

  /** The weights as they are now, in Keras' order: kernel before bias. Throws `StateError` before the layer is called. */
  async getWeights(): Promise<Tensor<Float32Array>[]> {
    const weights = this.#expectBuilt("getWeights");
    const values = await weights.newest();
    return weights.parameters.map(({ shape }, index) => ({ data: Float32Array.from(values[index]!), shape }));
  }

  /** Replaces the weights by others of the same number and shapes. Throws `ShapeError` otherwise. */
  async setWeights(weights: readonly TensorInput[]): Promise<void> {
    const own = this.#expectBuilt("setWeights");
    const named = own.parameters.map(({ name, shape }) => ({ path: `${this.label}/${name}`, shape }));
    own.replace(checkWeights(named, weights, `layer ${this.label}`));
  }

  /** Shapes of the outputs; makes the weights the first time. */
  protected infer(shapes: readonly Shape[], label: string, sources: readonly string[]): readonly Shape[] {
    const { parameters, outputShape } = inferLayer(this, label, shapes, sources);
    const known = this.#weights?.parameters;
    parameters.forEach(({ name, shape }, index) => {
      if (known !== undefined && !sameShape(known[index]?.shape ?? [], shape)) {
        throw new ShapeError(
          `layer ${label} (${this.className}) on samples ${shapes.map(formatShape).join(", ")}: its ${name} would be ` +
            `${formatShape(shape)}, but was made ${formatShape(known[index]?.shape ?? [])} when it was first called. ` +
            "A layer that is called again uses the same weights; make another layer for samples of another shape",
        );
      }
    });
    this.#weights ??= new LayerWeights(parameters);
    return [outputShape];
  }

  /** Notes a call. */
  protected record(inputs: readonly SymbolicTensor[], outputShapes: readonly Shape[]): readonly SymbolicTensor[] {
    const outputs: SymbolicTensor[] = [];
    const call: LayerCall = { layer: this, inputs, outputs };
    outputs.push(...outputShapes.map((shape, index) => new SymbolicTensor(shape, call, index)));
    this.#calls.push(call);
    return outputs;
  }

  #onlyCall(what: "input" | "output"): LayerCall {
    const [first, ...more] = this.#calls;
    if (first === undefined || more.length > 0) {
      throw new StateError(
        `layer ${this.label} (${this.className}) was called ${this.#calls.length} times, so it has no one ${what}; ` +
          (first === undefined
            ? "call it on a tensor, or use the model that it is in first"
            : "keep the tensors that the calls return"),
      );
    }
    return first;
  }

  #expectBuilt(method: string): LayerWeights {
    if (this.#weights === undefined) {
      throw new StateError(
        `${method}: layer ${this.label} (${this.className}) has no weights yet, as its input is not known; ` +
          "call it on a tensor, or use the model that it is in first",
      );
    }
    return this.#weights;
  }
}

/** A layer of your own from its definition. */
export function defineLayer(definition: LayerDefinition): Layer {
  return new Layer(definition);
}

/** The tensors in order. Throws `ArgumentError` for anything that is no symbolic tensor. */
export function symbolicList(what: string, tensors: SymbolicTensors): readonly SymbolicTensor[] {
  const isRecord =
    typeof tensors === "object" && tensors !== null && Object.getPrototypeOf(tensors) === Object.prototype;
  const list: readonly unknown[] = Array.isArray(tensors) ? tensors : isRecord ? Object.values(tensors) : [tensors];
  for (const tensor of list.length > 0 ? list : [tensors]) {
    if (!(tensor instanceof SymbolicTensor)) {
      throw new ArgumentError(
        `layer ${what} was called on ${describe(tensor)}; layers are called on what input({ shape }) or another layer ` +
          "gives. Numbers go into the predict or fit of a model",
      );
    }
  }
  return list as readonly SymbolicTensor[];
}

function describe(value: unknown): string {
  if (value instanceof Layer) {
    return `layer ${value.label} itself, not on its output`;
  }
  return typeof value === "object" && value !== null ? `a ${value.constructor?.name ?? "object"}` : String(value);
}
