import type { Config } from "../config.js";
import type { Constraint } from "../constraints/index.js";
import { StateError } from "../errors.js";
import type { Initializer } from "../initializers/index.js";
import type { Shape, Value } from "../ops/definition.js";
import type { Interpolation } from "../ops/resize2d.js";
import type { AffineMatrix, FillMode } from "../ops/warp2d.js";
import type { Graph } from "../plan/index.js";
import type { RandomStream } from "../random/index.js";
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
  /** In training, what the layer's `draws` give under that name for the samples of the step: [N, ...shape]. */
  drawn(name: string): Value;
  /**
   * In training, replaces the labels of the step by what `mix` makes of them, float32 [N, ...], for all outputs. Throws
   * `ArgumentError` for class numbers, which nothing lies between.
   */
  mixLabels(mix: (labels: Value) => Value): void;
  /**
   * Adds a term of the layer's own to the loss: the first output of a loss op, the sum over the samples of the batch [1], whose
   * mean over the samples counts. To be called once by layers with `addsLoss`, by others not at all.
   */
  addLoss(lossSum: Value): void;
}

/** Numbers drawn for each sample of a training step. */
export interface DrawnTensor {
  readonly name: string;
  readonly dtype: "float32" | "int32";
  /** Of one sample: [] for one number. */
  readonly shape: Shape;
}

/**
 * What a layer draws at random for the samples of each training step. It is drawn on the host, from a stream of (seed,
 * augmentation, call, iteration): the same numbers on every backend, and where training goes on.
 */
export interface LayerDraws {
  readonly tensors: readonly DrawnTensor[];
  /** Numbers for the rows of a step, [rows, ...shape] for each tensor in order; rounded to their element types afterwards. */
  draw(stream: RandomStream, rows: number): readonly ArrayLike<number>[];
}

/** How images are read between and beyond their pixels. */
export interface Sampling {
  readonly interpolation: Interpolation;
  readonly fillMode: FillMode;
  /** What lies beyond the edges with the fill mode constant. */
  readonly fillValue: number;
}

/**
 * A layer that moves the pixels of images in training. All such layers in a row become one resampling: their matrices are multiplied
 * on the host, in float64.
 */
export interface LayerTransform {
  /** Undefined where only whole pixels of the image are read: such a layer goes along with any other. */
  readonly sampling: Sampling | undefined;
  /** [height, width] of the images that it gives. */
  readonly size: readonly [number, number];
  /** The matrix of one sample. Called for the rows of a step one after the other. */
  draw(stream: RandomStream): AffineMatrix;
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
  /** What it draws for samples of a shape (no batch axis); default: nothing. */
  readonly draws?: ((inputShape: Shape) => LayerDraws) | undefined;
  /**
   * How it moves the pixels of samples of a shape in training, where that is all that it does; `apply` is for evaluation and
   * prediction then. Undefined for samples that it does otherwise with; `draws` and `apply` count for these.
   */
  readonly transform?: ((inputShape: Shape) => LayerTransform | undefined) | undefined;
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

/** Of a context outside training. */
export const noDraws: Pick<LayerContext, "drawn" | "mixLabels"> = {
  drawn(name) {
    throw new StateError(`"${name}" is drawn in training only`);
  },
  mixLabels() {
    throw new StateError("labels are mixed in training only");
  },
};

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
