import { ArgumentError, type JsonValue } from "@convoy/core";
import { isObject, type JsonObject } from "../../json.js";
import { optionSnakeCase } from "../names.js";
import type { Dialect } from "./dialect.js";
import { writeActivation, writeObject } from "./writeOptions.js";

/** A layer as Keras writes it. */
export interface WrittenLayer {
  readonly className: string;
  readonly config: JsonObject;
}

/** Layers here that are one of Keras' activations by name. */
const activationLayers: Readonly<Record<string, string>> = {
  Silu: "silu",
  Softplus: "softplus",
  Softsign: "softsign",
  HardSigmoid: "hardSigmoid",
  HardSilu: "hardSilu",
};

/** Classes that Keras has under the same name. */
const kerasClasses = new Set([
  ...[
    "Activation",
    "ActivityRegularization",
    "Add",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "BatchNormalization",
  ],
  ...[
    "Concatenate",
    "Conv1D",
    "Conv2D",
    "Conv2DTranspose",
    "Cropping2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "ELU",
    "Flatten",
  ],
  ...["GaussianDropout", "GaussianNoise", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D"],
  ...[
    "GlobalMaxPooling2D",
    "GroupNormalization",
    "LayerNormalization",
    "LeakyReLU",
    "MaxPooling1D",
    "MaxPooling2D",
    "Maximum",
  ],
  ...[
    "Minimum",
    "Multiply",
    "Normalization",
    "PReLU",
    "Permute",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Resizing",
    "SeparableConv2D",
  ],
  ...["CutMix", "MixUp", "RandomBrightness", "RandomContrast", "RandomCrop", "RandomErasing", "RandomFlip"],
  ...["RandomGaussianBlur", "RandomHue", "RandomInvert", "RandomRotation", "RandomSaturation", "RandomShear"],
  ...["RandomTranslation", "RandomZoom"],
  ...["Softmax", "SpatialDropout2D", "Subtract", "UpSampling2D", "ZeroPadding2D"],
]);

/** Classes of these that TensorFlow.js does not have. */
const notInTfjs = new Set([
  ...["ActivityRegularization", "GroupNormalization", "Normalization", "SpatialDropout2D", "Subtract"],
  ...["CutMix", "MixUp", "RandomBrightness", "RandomContrast", "RandomCrop", "RandomErasing", "RandomFlip"],
  ...["RandomGaussianBlur", "RandomHue", "RandomInvert", "RandomRotation", "RandomSaturation", "RandomShear"],
  ...["RandomTranslation", "RandomZoom"],
]);

/** Classes that came with Keras 3. */
const notInKeras2 = new Set([
  ...[
    "CutMix",
    "MixUp",
    "RandomErasing",
    "RandomGaussianBlur",
    "RandomHue",
    "RandomInvert",
    "RandomSaturation",
    "RandomShear",
  ],
]);

/**
 * Classes that give their input on when a model predicts: a program that lacks them gets a linear activation in their place. Not
 * RandomCrop, which then takes the middle of the images.
 */
const idleInPrediction = new Set([
  ...["ActivityRegularization", "CutMix", "MixUp", "RandomBrightness", "RandomContrast", "RandomErasing", "RandomFlip"],
  ...["RandomGaussianBlur", "RandomHue", "RandomInvert", "RandomRotation", "RandomSaturation", "RandomShear"],
  ...["RandomTranslation", "RandomZoom", "SpatialDropout2D"],
]);

/** Options that are left out where they have this value, as not every program knows them. */
const leftOut: Readonly<Record<string, JsonValue>> = { groups: 1, keepdims: false };

/** Options that TensorFlow.js does not have. */
const optionsNotInTfjs = ["groups", "keepdims", "output_padding"];

/** Values of options that TensorFlow.js does not have, by class. */
const valuesNotInTfjs: Readonly<Record<string, (options: Readonly<Record<string, JsonValue>>) => string | undefined>> =
  {
    ELU: ({ alpha }) => (alpha === 1 ? undefined : `alpha ${alpha}`),
    Conv1D: ({ padding }) => (padding === "causal" ? "causal padding" : undefined),
  };

/** Names of options in Keras that are not what snake_case makes of them. */
const optionNames: Readonly<Record<string, string>> = { keepDims: "keepdims" };

/**
 * A layer for a program. Throws `ArgumentError` where it has no such layer or option.
 * @param idle is told of a layer that only training knows, and that the program lacks
 */
export function writeLayer(
  name: string,
  className: string,
  config: JsonObject,
  dialect: Dialect,
  idle: (layer: string) => void = () => undefined,
): WrittenLayer {
  const place = `layer ${name} (${className})`;
  // True is the default everywhere, and Keras' SpatialDropout2D does not take the option.
  const frozen = config.trainable === false && className !== "SpatialDropout2D" ? { trainable: false } : {};
  const common = { name, ...frozen, dtype: "float32" };
  if (className === "Gelu" || Object.hasOwn(activationLayers, className)) {
    const activation =
      className === "Gelu" ? (config.approximate === true ? "geluTanh" : "gelu") : activationLayers[className]!;
    return { className: "Activation", config: { ...common, activation: writeActivation(place, activation, dialect) } };
  }
  if (className === "Activation" && config.activation !== undefined) {
    const special = activationAsLayer(config.activation, dialect);
    if (special !== undefined) {
      return { className: special.className, config: { ...common, ...special.config } };
    }
  }
  const isMissing = (dialect.tfjs && notInTfjs.has(className)) || (dialect.major === 2 && notInKeras2.has(className));
  if (isMissing && idleInPrediction.has(className)) {
    idle(`${name} (${className})`);
    return { className: "Activation", config: { ...common, activation: "linear" } };
  }
  if (!kerasClasses.has(className) || isMissing) {
    throw new ArgumentError(
      `${place}: ${dialect.name} has no such layer; leave it out of the model, or save it in another format`,
    );
  }
  const options: Record<string, JsonValue> = {};
  for (const [option, value] of Object.entries(config)) {
    if (option === "name" || option === "trainable" || option === "inputShape") {
      continue;
    }
    const key = optionNames[option] ?? optionSnakeCase(option);
    if (leftOut[key] === value) {
      continue;
    }
    if (dialect.tfjs && optionsNotInTfjs.includes(key)) {
      throw new ArgumentError(`${place}: TensorFlow.js has no option ${key}; save the model in another format`);
    }
    options[key] = writeValue(place, option, value, dialect);
  }
  const unknown = dialect.tfjs ? valuesNotInTfjs[className]?.(options) : undefined;
  if (unknown !== undefined) {
    throw new ArgumentError(`${place}: TensorFlow.js has no ${unknown}; save the model in another format`);
  }
  return { className, config: { ...common, ...adjusted(place, className, options, dialect) } };
}

function writeValue(place: string, option: string, value: JsonValue, dialect: Dialect): JsonValue {
  if (option === "activation") {
    return writeActivation(place, value, dialect);
  }
  for (const [ending, module] of [
    ["Initializer", "initializers"],
    ["Regularizer", "regularizers"],
    ["Constraint", "constraints"],
  ] as const) {
    if (option.endsWith(ending) && isObject(value)) {
      return writeObject(value, module, dialect);
    }
  }
  return value;
}

/** What single classes have otherwise. */
function adjusted(place: string, className: string, options: Record<string, JsonValue>, dialect: Dialect): JsonObject {
  switch (className) {
    case "RandomContrast": {
      const { value_range: range, ...others } = options;
      if (dialect.major === 2 && String(range) !== "0,255") {
        throw new ArgumentError(
          `${place}: ${dialect.name} keeps contrast within [0, 255], not [${range}]; save the model in another format`,
        );
      }
      return dialect.major === 2 ? others : options;
    }
    case "RandomErasing": {
      const values = options.fill_value as readonly JsonValue[] | null;
      return { ...options, fill_value: values?.length === 1 ? values[0]! : values };
    }
    case "RandomFlip":
      return { ...options, mode: optionSnakeCase(options.mode as string) };
    case "LeakyReLU": {
      const { negative_slope: slope, ...others } = options;
      return { ...others, [dialect.major === 3 ? "negative_slope" : "alpha"]: slope ?? 0.3 };
    }
    case "BatchNormalization":
      return { axis: -1, ...options };
    case "Softmax":
      return { axis: -1, ...options };
    case "Normalization": {
      // The statistics are weights.
      const { mean: _mean, variance: _variance, ...others } = options;
      return { axis: -1, ...others };
    }
    case "PReLU": {
      const shared = options.shared_axes as readonly JsonValue[] | undefined;
      return { ...options, shared_axes: shared === undefined || shared.length === 0 ? null : shared };
    }
    default:
      return options;
  }
}

/** Activations that are layers in programs that have no name for them. */
function activationAsLayer(activation: JsonValue, dialect: Dialect): WrittenLayer | undefined {
  const { function: name, alpha } = isObject(activation) ? activation : { function: activation, alpha: undefined };
  if (name === "leakyRelu") {
    const slope = alpha ?? 0.2;
    return { className: "LeakyReLU", config: { [dialect.major === 3 ? "negative_slope" : "alpha"]: slope } };
  }
  if (name === "elu" && alpha !== undefined && !(dialect.tfjs && alpha !== 1)) {
    return { className: "ELU", config: { alpha } };
  }
  return name === "relu6" ? { className: "ReLU", config: { max_value: 6 } } : undefined;
}
