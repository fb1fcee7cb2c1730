import type { Config } from "../../config.js";

/** An output of a layer's call: the layer's name, the number of its call in the model, and which output of that. */
export type TensorReference = readonly [layer: string, call: number, output: number];

/** Tensors as a model was declared: one, several in order, or several by name. */
export type TensorReferences =
  | TensorReference
  | readonly TensorReference[]
  | { readonly [name: string]: TensorReference };

/** A layer of a model, or a model that is one. */
export type LayerTopology = {
  /** Keras' class name: "Conv2D"; of a model "Sequential" or "Functional". */
  readonly className: string;
  /** Its name in this model, given or numbered: "conv2d_1". */
  readonly name: string;
  /** What makes it: `layer.config`, or a `SequentialConfig` or `FunctionalConfig`. Absent with `sameAs`. */
  readonly config?: Config;
  /** The same layer, with the same weights, stands there already: the names of the models around it and its own. */
  readonly sameAs?: readonly string[];
  /** What its first weights are drawn from, where that is not its place in this model. */
  readonly firstWeights?: { readonly seed: number; readonly instance: number };
};

/** What every model has. */
export type ModelConfig = {
  /** Absent where none was given. */
  readonly name?: string;
  readonly trainable: boolean;
  /** Of the first weights, and of order and dropout. */
  readonly seed: number;
  /** In the order of the weights. Those of a `Sequential` follow each other, and one may stand there twice. */
  readonly layers: readonly LayerTopology[];
};

/** A stack of layers. */
export type SequentialConfig = ModelConfig & {
  /** Shape of one sample. */
  readonly inputShape: readonly number[];
};

/** A layer that is called on tensors. */
export type CallTopology = {
  readonly layer: string;
  /** None for an `InputLayer`. */
  readonly inputs: readonly TensorReference[];
};

/** A model of any shape. */
export type FunctionalConfig = ModelConfig & {
  /** In an order in which they can run. */
  readonly calls: readonly CallTopology[];
  readonly inputs: TensorReferences;
  readonly outputs: TensorReferences;
};

/** A model without its weights, as plain JSON: layers, their options, and how tensors run through them. */
export type ModelTopology =
  | { readonly className: "Sequential"; readonly name: string; readonly config: SequentialConfig }
  | { readonly className: "Functional"; readonly name: string; readonly config: FunctionalConfig };
