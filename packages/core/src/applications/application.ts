import { checkOptions, expectCount } from "../checkOption.js";
import { ArgumentError, formatShape, ShapeError } from "../errors.js";
import { type Activation, globalAveragePooling2d, globalMaxPooling2d, type Layer } from "../layers/index.js";
import { inputTensor } from "../layers/inputLayer.js";
import type { SymbolicTensor } from "../layers/layer.js";
import { type Model, model } from "../model/index.js";
import { lookUp } from "../names.js";

/** Options that every application takes, with Keras' names and defaults. */
export interface ApplicationOptions {
  /** Whether the classifier is part of it, default true. Without it the output is the last feature map, or see `pooling`. */
  readonly includeTop?: boolean;
  /** [height, width, channels] of an image; default that of the paper. */
  readonly inputShape?: readonly number[];
  /** Number of classes that the classifier tells apart; default 1000. */
  readonly classes?: number;
  /**
   * What becomes of the last feature map where there is no classifier: null (default) leaves it as it is, "avg" and "max" take
   * the mean or the largest number of each channel. Does nothing with `includeTop`.
   */
  readonly pooling?: "avg" | "max" | null;
  /** Activation of the classifier; default "softmax". Null for logits. */
  readonly classifierActivation?: Activation | null;
  /** Default: Keras' name for the network. */
  readonly name?: string;
  /** Seed of the first weights and, unless `fit` gets another, of order and dropout; default 0. */
  readonly seed?: number;
  /** null (default): random weights. Trained ones are read by the functions of the same names in `@convoy/formats`. */
  readonly weights?: null;
}

/** The classifier that is wanted. */
export interface Classifier {
  readonly classes: number;
  readonly activation: Activation;
}

/** What a network is made of. */
export interface ApplicationDeclaration {
  /** Its function, for errors. */
  readonly label: string;
  readonly name: string;
  readonly inputShape: readonly number[];
  /** Default 1000. */
  readonly classes?: number;
  /** Fewest rows and columns that leave something of the image. */
  readonly minSize: number;
  /** Names of the poolings where they have names of their own. */
  readonly poolingNames?: { readonly avg: string; readonly max: string };
  /** From images [H,W,C] to the last feature map. */
  features(images: SymbolicTensor): SymbolicTensor;
  /** From the last feature map to the classes. */
  classify(features: SymbolicTensor, classifier: Classifier): SymbolicTensor;
}

/** The names of `ApplicationOptions`. */
const applicationOptions: readonly string[] = [
  ...["includeTop", "inputShape", "classes", "pooling", "classifierActivation", "name", "seed"],
];

const poolings = { avg: globalAveragePooling2d, max: globalMaxPooling2d };

/** Throws `ArgumentError` for an option that is neither one of the application's `own` nor one of all applications. */
export function checkApplication<T extends ApplicationOptions>(
  label: string,
  options: T,
  own: readonly string[] = [],
): T {
  const { weights } = options as { readonly weights?: unknown };
  if (weights !== undefined && weights !== null) {
    throw new ArgumentError(
      `${label}: trained weights are read by @convoy/formats: import { applications } from "@convoy/formats", then await ` +
        `applications.${label}({ weights: ${JSON.stringify(weights) ?? "..."} })`,
    );
  }
  return checkOptions(label, options, [...applicationOptions, "weights", ...own]);
}

/**
 * A network as a model with random weights; they are drawn when they are first needed. Throws `ArgumentError` for options out of
 * range and `ShapeError` for images that are too small.
 */
export function buildApplication(declaration: ApplicationDeclaration, options: ApplicationOptions): Model {
  const { label, features, classify, poolingNames } = declaration;
  const { includeTop = true, pooling = null, classifierActivation = "softmax", seed } = options;
  const classes = expectCount(`${label}: classes`, options.classes ?? declaration.classes ?? 1000);
  const pool = pooling === null ? undefined : lookUp(`pooling of ${label}`, pooling, poolings);
  const images = inputTensor({ shape: imageShape(declaration, options.inputShape ?? declaration.inputShape) });
  const map = features(images);
  let outputs = map;
  if (includeTop) {
    outputs = classify(map, { classes, activation: classifierActivation ?? "linear" });
  } else if (pool !== undefined && pooling !== null) {
    outputs = pool(poolingNames === undefined ? {} : { name: poolingNames[pooling] })(map);
  }
  return model({
    inputs: images,
    outputs,
    name: options.name ?? declaration.name,
    ...(seed === undefined ? {} : { seed }),
  });
}

/** Checks the shape of an image; warns, as Keras does, of channels that are neither grey nor colour. */
function imageShape({ label, minSize }: ApplicationDeclaration, shape: readonly number[]): readonly number[] {
  if (!Array.isArray(shape) || shape.length !== 3) {
    const given = Array.isArray(shape) ? formatShape(shape) : String(shape);
    throw new ArgumentError(
      `${label}: inputShape is ${given}, expected [height, width, channels] of an image without the batch axis, such as ` +
        `[${minSize}, ${minSize}, 3]`,
    );
  }
  const [height, width, channels] = shape as [number, number, number];
  for (const [what, size] of Object.entries({ height, width, channels })) {
    expectCount(`${label}: ${what} in inputShape`, size);
  }
  if (height < minSize || width < minSize) {
    throw new ShapeError(
      `${label}: input size must be at least ${minSize}x${minSize}, got inputShape ${formatShape(shape)}. Use larger images, or ` +
        `enlarge them: layers.resizing({ height: ${Math.max(height, minSize)}, width: ${Math.max(width, minSize)} })`,
    );
  }
  if (channels !== 1 && channels !== 3) {
    console.warn(
      `${label}: this network usually expects 1 or 3 input channels, got inputShape ${formatShape(shape)} with ${channels}; ` +
        "inputShape is [height, width, channels]",
    );
  }
  return shape;
}

/** Calls layers one after the other. */
export function through(input: SymbolicTensor, layers: readonly Layer[]): SymbolicTensor {
  return layers.reduce<SymbolicTensor>((tensor, layer) => layer(tensor), input);
}
