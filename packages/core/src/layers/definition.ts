import type { Config } from "../config.js";
import type { Constraint } from "../constraints/index.js";
import type { Initializer } from "../initializers/index.js";
import type { Shape, Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";
import type { Regularizer } from "../regularizers/index.js";

/** A parameter that a layer owns. */
export interface ParameterSpec {
  /** "kernel" or "bias", as in Keras. */
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: Initializer;
  /**
   * Whether the optimizer changes it; default true. False for a weight that the loss is not differentiated by, such as a
   * moving mean: the layer's own ops update it in training.
   */
  readonly trainable?: boolean;
  /** A term of the loss, in evaluation too; default none. */
  readonly regularizer?: Regularizer;
  /** Applied after each update of the optimizer; default none. */
  readonly constraint?: Constraint;
}

/** What a layer gets to append its ops to a graph. */
export interface LayerContext {
  readonly graph: Graph;
  /** [N, ...], the first of `inputs`. */
  readonly input: Value;
  /** All that the layer is called on; one tensor for most layers. */
  readonly inputs: readonly Value[];
  /** The parameter of that name, from `parameters`. */
  parameter(name: string): Value;
  /** Whether the graph is for training: dropout acts then. */
  readonly training: boolean;
  /**
   * Whether the layer is frozen: its `trainable` was false when the model was compiled. None of its weights may change then,
   * and batch normalisation uses its moving statistics also in training.
   */
  readonly frozen: boolean;
  /** Number of the call in its model: the instance of its random streams. */
  readonly instance: number;
  /**
   * Adds a term of the layer's own to the loss: the first output of a loss op, the sum over the samples of the batch [1], whose
   * mean over the samples counts. To be called once by layers with `addsLoss`, by others not at all.
   */
  addLoss(lossSum: Value): void;
}

/** What a layer is made of, and which ops it stands for. It holds no numbers. */
export interface LayerDefinition {
  /** Keras' class name, for the summary: "Conv2D". */
  readonly className: string;
  /** Keras' default name, numbered within a model: "conv2d", "conv2d_1". */
  readonly defaultName: string;
  /** The name that the user gave, if any. */
  readonly name?: string | undefined;
  /** Shape of one sample, on the first layer of a `sequential` model. */
  readonly inputShape?: Shape | undefined;
  /** Whether training changes its parameters; default true. */
  readonly trainable?: boolean;
  /** How many tensors it may be called on: default [1, 1]. */
  readonly inputCount?: readonly [min: number, max: number] | undefined;
  /** Whether it adds a term of its own to the loss; default false. */
  readonly addsLoss?: boolean | undefined;
  /**
   * Its own options as plain JSON, for model files; `customObjects` makes the layer again from them together with name,
   * trainable and inputShape. Models with a layer that has none cannot be saved. May be a getter.
   */
  readonly config?: Config | undefined;
  /** Its parameters for samples of shape `inputShape` (no batch axis), the first of `inputShapes`. */
  parameters(inputShape: Shape, inputShapes: readonly Shape[]): readonly ParameterSpec[];
  /**
   * Appends its ops and returns the output [N, ...]. In training, unless frozen, they may update weights that are not
   * `trainable` in place: ops after that, later steps, evaluation and prediction read the new values. Throws `ShapeError` where
   * the input does not fit.
   */
  apply(context: LayerContext): Value;
}

/** Options that every layer takes. */
export interface LayerOptions {
  /** Default: Keras' name for the layer, numbered within the model. */
  readonly name?: string;
  /** Default true. False keeps the parameters as they are. */
  readonly trainable?: boolean;
  /** Shape of one sample, [H, W, C] for images; needed on the first layer of `sequential` unless that is `input`. */
  readonly inputShape?: Shape;
}

/** The options that every layer takes, by name. */
export const commonOptions: readonly string[] = ["name", "trainable", "inputShape"];

/** The fields that come from `LayerOptions`, absent where not given. */
export function commonFields({
  name,
  trainable = true,
  inputShape,
}: LayerOptions): Pick<LayerDefinition, "name" | "trainable" | "inputShape"> {
  return { ...(name === undefined ? {} : { name }), trainable, ...(inputShape === undefined ? {} : { inputShape }) };
}
