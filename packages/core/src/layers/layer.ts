import type { Initializer } from "../initializers/index.js";
import type { Shape, Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";

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
}

/** What a layer gets to append its ops to a graph. */
export interface LayerContext {
  readonly graph: Graph;
  /** [N, ...] */
  readonly input: Value;
  /** The parameter of that name, from `parameters`. */
  parameter(name: string): Value;
  /** Whether the graph is for training: dropout acts then. */
  readonly training: boolean;
  /**
   * Whether the layer is frozen: its `trainable` was false when the model was compiled. None of its weights may change then,
   * and batch normalisation uses its moving statistics also in training.
   */
  readonly frozen: boolean;
  /** Number of the layer in its model: the instance of its random streams. */
  readonly instance: number;
}

/** A declaration: what a layer is made of, and which ops it stands for. It holds no numbers. */
export interface Layer {
  /** Keras' class name, for the summary: "Conv2D". */
  readonly className: string;
  /** Keras' default name, numbered within a model: "conv2d", "conv2d_1". */
  readonly defaultName: string;
  /** The name that the user gave, if any. */
  readonly name?: string;
  /** Shape of one sample, on the first layer of a model. */
  readonly inputShape?: Shape;
  /** Whether training changes its parameters. May be set before `compile`. */
  trainable: boolean;
  /** Its parameters for samples of shape `inputShape` (no batch axis). */
  parameters(inputShape: Shape): readonly ParameterSpec[];
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
  /** Shape of one sample, [H, W, C] for images; needed on the first layer unless it is `input`. */
  readonly inputShape?: Shape;
}

/** The fields that come from `LayerOptions`, absent where not given. */
export function commonFields({
  name,
  trainable = true,
  inputShape,
}: LayerOptions): Pick<Layer, "name" | "trainable" | "inputShape"> {
  return { ...(name === undefined ? {} : { name }), trainable, ...(inputShape === undefined ? {} : { inputShape }) };
}
