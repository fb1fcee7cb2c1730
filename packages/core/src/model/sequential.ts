import { checkOptions } from "../checkOption.js";
import { ArgumentError, ConvoyError, formatShape, StateError } from "../errors.js";
import { checkedShape, InputLayer } from "../layers/inputLayer.js";
import { Layer, SymbolicTensor, type SymbolicTensors } from "../layers/layer.js";
import { sameShape } from "../ops/checks.js";
import type { Shape } from "../ops/definition.js";
import type { Tensor } from "../tensor.js";
import type { ModelTensors } from "./declare/modelTensors.js";
import { Model } from "./model.js";

/** Settings of a sequential model as a whole. */
export interface SequentialOptions {
  /** Default "sequential". */
  readonly name?: string;
  /** Seed of the first weights and, unless `fit` gets another, of order and dropout; default 0. */
  readonly seed?: number;
}

/** Layers one after the other, and the tensors between them as far as they are known. */
class Chain {
  readonly layers: Layer[] = [];
  /** The samples, then the output of each layer that was called. */
  readonly #tensors: SymbolicTensor[] = [];
  readonly #names: string[] = [];
  readonly #counts = new Map<string, number>();

  /** Whether the samples come in by a layer that the user declared. */
  get declaredInput(): boolean {
    return this.layers[0] instanceof InputLayer;
  }

  /** Calls the layers that were not called yet. Throws `ArgumentError` or `ShapeError` naming the layer that does not fit. */
  tensors(): ModelTensors {
    if (this.#tensors.length === 0) {
      this.#tensors.push(this.#source());
    }
    const called = this.declaredInput ? this.layers.slice(1) : this.layers;
    const names = this.#numberedNames().slice(this.layers.length - called.length);
    for (let index = this.#tensors.length - 1; index < called.length; index++) {
      const outputs = called[index]!.connect([this.#tensors[index]!], names[index]!);
      if (outputs.length > 1) {
        throw new ArgumentError(
          `layer ${names[index]} has ${outputs.length} outputs; a sequential model needs one of each layer. Use model({ inputs, outputs })`,
        );
      }
      this.#tensors.push(outputs[0]!);
    }
    return { inputs: this.#tensors[0]!, outputs: this.#tensors.at(-1)!, declaredInputs: this.declaredInput };
  }

  /** Calls the layers as far as that is possible: what is wrong with them is said when the model is used. */
  callLayers(): void {
    try {
      this.tensors();
    } catch (error) {
      if (!(error instanceof ConvoyError)) {
        throw error;
      }
    }
  }

  /** Says what the samples look like, where no layer does. */
  startFrom({ shape }: SymbolicTensor): void {
    if (this.#tensors.length === 0 && this.layers.length > 0 && this.inputShape === undefined) {
      this.#tensors.push(new InputLayer({ shape }).source());
    }
  }

  /** Shape of a sample, where it is known. */
  get inputShape(): Shape | undefined {
    const first = this.layers[0];
    if (this.#tensors.length > 0) {
      return this.#tensors[0]!.shape;
    }
    return first instanceof Sequential
      ? first.sampleShape
      : first instanceof Model
        ? first.inputs[0]!.shape
        : first?.inputShape;
  }

  /** Keras' names as the model will number them, for errors before it is built. */
  #numberedNames(): readonly string[] {
    for (const layer of this.layers.slice(this.#names.length)) {
      const count = this.#counts.get(layer.defaultName) ?? 0;
      if (layer.givenName === undefined) {
        this.#counts.set(layer.defaultName, count + 1);
      }
      this.#names.push(layer.givenName ?? (count === 0 ? layer.defaultName : `${layer.defaultName}_${count}`));
    }
    return this.#names;
  }

  #source(): SymbolicTensor {
    const first = this.layers[0];
    if (first === undefined) {
      throw new ArgumentError("the model has no layers; add some before it is used");
    }
    if (first instanceof InputLayer) {
      return first.source();
    }
    const shape = this.inputShape;
    if (shape === undefined) {
      throw new ArgumentError(
        `the first layer (${first.className}) has no inputShape; give one, such as inputShape: [28, 28, 1], ` +
          "or start with layers.input({ shape })",
      );
    }
    return new InputLayer({ shape: checkedShape(`${first.className}: inputShape`, shape) }).source();
  }
}

/** A stack of layers. Keras' `Sequential`: a `Model` whose layers follow each other, of which more may be added. */
export class Sequential extends Model<Tensor<Float32Array>> {
  readonly #chain: Chain;

  constructor(layers: readonly (Layer | SymbolicTensor)[] = [], options: SequentialOptions = {}) {
    const chain = new Chain();
    const { name, seed } = checkOptions("sequential", options, ["name", "seed"]);
    super({ className: "Sequential", defaultName: "sequential", name, seed, tensors: () => chain.tensors() });
    this.#chain = chain;
    if (!Array.isArray(layers)) {
      throw new ArgumentError("sequential takes an array of layers: sequential([layers.dense({ units: 10 })])");
    }
    for (const layer of layers) {
      chain.layers.push(checkedLayer(layer));
    }
  }

  /** The layers, in order, called on each other where the shape of the samples is known. */
  override get layers(): readonly Layer[] {
    this.#chain.callLayers();
    return this.#chain.layers;
  }

  /** Shape of a sample, where it is known. */
  get sampleShape(): Shape | undefined {
    return this.#chain.inputShape;
  }

  /** Adds a layer at the end. Throws `StateError` once the model is compiled. */
  add(layer: Layer): this {
    if (this.isCompiled) {
      throw new StateError("add: the model is compiled already; add all layers first");
    }
    this.#chain.layers.push(checkedLayer(layer));
    this.rebuild();
    return this;
  }

  /**
   * Says what one sample looks like, where no layer does; without the batch axis. Throws `ArgumentError` where it is known to be
   * another, and like `summary` for layers that do not fit. Keras' `build`.
   */
  build(inputShape: Shape): void {
    const shape = checkedShape("build: inputShape", inputShape);
    const known = this.sampleShape;
    if (known !== undefined && !sameShape(known, shape)) {
      throw new ArgumentError(
        `build: inputShape is ${formatShape(shape)}, but samples of this model are ${formatShape(known)}`,
      );
    }
    this.#chain.startFrom(new InputLayer({ shape }).source());
    void this.#chain.tensors();
  }

  override call<Called extends SymbolicTensors = SymbolicTensor>(inputs: SymbolicTensors): Called {
    if (inputs instanceof SymbolicTensor) {
      this.#chain.startFrom(inputs);
    }
    return super.call(inputs);
  }

  override connect(inputs: readonly SymbolicTensor[], label?: string): readonly SymbolicTensor[] {
    if (inputs.length === 1) {
      this.#chain.startFrom(inputs[0]!);
    }
    return super.connect(inputs, label);
  }
}

function checkedLayer(layer: Layer | SymbolicTensor): Layer {
  if (layer instanceof SymbolicTensor && layer.call.layer instanceof InputLayer) {
    return layer.call.layer;
  }
  if (!(layer instanceof Layer)) {
    throw new ArgumentError(
      "sequential takes layers: what functions such as layers.dense({ units: 10 }) return, other models, or defineLayer(definition)",
    );
  }
  return layer;
}

/** A model that is a stack of layers; more may be added with `add`. */
export function sequential(
  layers: readonly (Layer | SymbolicTensor)[] = [],
  options: SequentialOptions = {},
): Sequential {
  return new Sequential(layers, options);
}
