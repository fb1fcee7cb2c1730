import { type Config, type JsonValue, ModelFileError } from "@convoy/core";
import { brief, isList, type JsonObject } from "../../json.js";
import { camelCase } from "../names.js";
import { activationOption, constraintOption, initializerOption, regularizerOption, sizesOption } from "./options.js";

/** A layer as Convoy makes it from its class name and config. */
export interface LayerRecipe {
  readonly className: string;
  readonly config: Config;
}

/** What is known while a layer is read. */
export interface LayerReading {
  /** Names the layer and its class, for errors. */
  readonly what: string;
  /** Of the Keras that wrote the file: 1, 2 or 3. */
  readonly kerasMajor: number;
  warn(message: string): void;
}

/** How a class of Keras is read: the options that it takes over, or a function for what is more than that. */
interface ClassReading {
  /** Options whose names in Convoy are those of Keras in camelCase. */
  readonly options?: readonly string[];
  /** Options that must have one of these values, as nothing else is there; absent ones count as the first. */
  readonly only?: Readonly<Record<string, readonly JsonValue[]>>;
  /** Convoy's class, where the options say which. */
  readonly recipe?: (config: JsonObject, reading: LayerReading) => LayerRecipe;
}

const bias = ["activation", "use_bias", "bias_initializer", "bias_regularizer", "bias_constraint"];
const linear = [...bias, "kernel_initializer", "kernel_regularizer", "kernel_constraint"];
const depthwise = [
  "depth_multiplier",
  "depthwise_initializer",
  "depthwise_regularizer",
  "depthwise_constraint",
  ...bias,
];
const pointwise = ["pointwise_initializer", "pointwise_regularizer", "pointwise_constraint"];
const window = ["kernel_size", "strides", "padding", "dilation_rate"];
const pooling = { options: ["pool_size", "strides", "padding"] };
const scaled = [
  ...["epsilon", "center", "scale", "beta_initializer", "gamma_initializer", "beta_regularizer", "gamma_regularizer"],
  ...["beta_constraint", "gamma_constraint"],
];
const plain: ClassReading = {};

/** Layers that do something in training alone and that are not here: when predicting they give their input on. */
const trainingOnly: ClassReading = {
  recipe: (_config, { what, warn }) => {
    warn(`${what} changes samples in training only; it is not here and was read as a layer that gives its input on`);
    return { className: "Activation", config: { activation: "linear" } };
  },
};

const sampling = ["fill_mode", "fill_value", "interpolation"];
const colours: ClassReading = { options: ["factor", "value_range"] };

const globalPooling: ClassReading = {
  recipe: (config) => ({ className: "", config: { keepDims: config.keepdims === true } }),
};

const classes: { readonly [className: string]: ClassReading } = {
  Activation: { options: ["activation"] },
  ActivityRegularization: { options: ["l1", "l2"] },
  Add: plain,
  Average: plain,
  AveragePooling1D: pooling,
  AveragePooling2D: pooling,
  BatchNormalization: {
    options: ["axis", "momentum", "moving_mean_initializer", "moving_variance_initializer", ...scaled],
    only: { renorm: [false, null], virtual_batch_size: [null], fused: [null, true, false] },
  },
  Concatenate: { options: ["axis"] },
  Conv1D: { options: ["filters", "groups", ...window, ...linear], only: { groups: [1] } },
  Conv2D: { options: ["filters", "groups", ...window, ...linear] },
  Conv2DTranspose: { options: ["filters", "output_padding", ...window, ...linear] },
  Cropping2D: { options: ["cropping"] },
  CutMix: { options: ["factor"] },
  Dense: { options: ["units", ...linear] },
  DepthwiseConv2D: { options: [...window, ...depthwise] },
  Dropout: { recipe: dropout },
  ELU: { options: ["alpha"] },
  Flatten: plain,
  GaussianDropout: { recipe: dropout },
  GaussianNoise: { options: ["stddev"] },
  GlobalAveragePooling1D: globalPooling,
  GlobalAveragePooling2D: globalPooling,
  GlobalMaxPooling1D: globalPooling,
  GlobalMaxPooling2D: globalPooling,
  GroupNormalization: { options: ["groups", "axis", ...scaled] },
  Identity: { recipe: () => ({ className: "Activation", config: { activation: "linear" } }) },
  LayerNormalization: { options: ["axis", ...scaled], only: { rms_scaling: [false] } },
  LeakyReLU: {
    recipe: (config) => ({
      className: "LeakyReLU",
      config: { negativeSlope: config.negative_slope ?? config.alpha ?? 0.3 },
    }),
  },
  MaxPooling1D: pooling,
  MaxPooling2D: pooling,
  Maximum: plain,
  Minimum: plain,
  MixUp: { options: ["alpha"] },
  Multiply: plain,
  Normalization: { recipe: normalization },
  PReLU: { options: ["alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes"] },
  Permute: { options: ["dims"] },
  RandomBrightness: colours,
  RandomContrast: colours,
  RandomCrop: { options: ["height", "width"] },
  RandomErasing: { options: ["factor", "scale", "fill_value", "value_range"] },
  RandomFlip: { recipe: ({ mode }) => ({ className: "", config: isText(mode) ? { mode: camelCase(mode) } : {} }) },
  RandomGaussianBlur: { options: ["factor", "kernel_size", "sigma", "value_range"] },
  RandomHue: colours,
  RandomInvert: colours,
  RandomRotation: { options: ["factor", ...sampling] },
  RandomSaturation: colours,
  RandomShear: { options: sampling, recipe: shear },
  RandomTranslation: { options: ["height_factor", "width_factor", ...sampling] },
  RandomZoom: { options: ["height_factor", "width_factor", ...sampling] },
  ReLU: { recipe: relu },
  Rescaling: { options: ["scale", "offset"] },
  Reshape: { options: ["target_shape"] },
  Resizing: {
    options: ["height", "width", "interpolation"],
    only: { crop_to_aspect_ratio: [false], pad_to_aspect_ratio: [false], antialias: [false] },
  },
  SeparableConv2D: { options: ["filters", ...window, ...depthwise, ...pointwise] },
  Softmax: { only: { axis: [-1] } },
  SpatialDropout2D: { recipe: dropout },
  Subtract: plain,
  UpSampling2D: { options: ["size", "interpolation"] },
  ZeroPadding2D: { options: ["padding"] },
  ...Object.fromEntries(
    [
      ...[
        "RandomHeight",
        "RandomWidth",
        "RandomColorJitter",
        "RandomGrayscale",
        "RandomPerspective",
        "RandomPosterization",
      ],
      ...["RandomSharpness", "RandomElasticTransform", "RandomColorDegeneration", "RandAugment", "AugMix"],
      ...["AlphaDropout", "SpatialDropout1D"],
    ].map((name) => [name, trainingOnly]),
  ),
};

function isText(value: JsonValue | undefined): value is string {
  return typeof value === "string";
}

/** Keras writes a range of f to either side as [-f, f], and draws the side by itself. */
function shear({ x_factor: x, y_factor: y }: JsonObject): LayerRecipe {
  const upper = (factor: JsonValue | undefined): JsonValue => {
    const [lower, most] = isList(factor) ? factor : [0, factor ?? 0];
    return [Math.max(0, lower as number), most as number];
  };
  return { className: "", config: { xFactor: upper(x), yFactor: upper(y) } };
}

function dropout(config: JsonObject, { what, warn }: LayerReading): LayerRecipe {
  if (isList(config.noise_shape)) {
    warn(`${what}: its noise_shape is not here; in training each number is dropped by itself`);
  }
  return { className: "", config: { rate: config.rate ?? 0 } };
}

function relu(config: JsonObject, { what }: LayerReading): LayerRecipe {
  const { max_value: maxValue = null, negative_slope: slope = 0, threshold = 0 } = config;
  if ((threshold ?? 0) !== 0 || (maxValue !== null && (maxValue !== 6 || (slope ?? 0) !== 0))) {
    throw new ModelFileError(
      `${what}: max_value ${brief(maxValue)}, negative_slope ${brief(slope)}, threshold ${brief(threshold)}; read are max_value 6 ` +
        "alone or negative_slope alone. Pass the layer in customObjects",
    );
  }
  return (slope ?? 0) === 0
    ? { className: "ReLU", config: maxValue === 6 ? { maxValue: 6 } : {} }
    : { className: "LeakyReLU", config: { negativeSlope: slope } };
}

function normalization(config: JsonObject, { what }: LayerReading): LayerRecipe {
  const { axis = -1, mean = null, variance = null, invert = false } = config;
  const [only, ...more] = isList(axis) ? axis : [axis];
  if (typeof only !== "number" || more.length > 0 || invert === true) {
    throw new ModelFileError(
      `${what}: axis ${brief(axis)}, invert ${brief(invert)}; read is one axis, that of the channels. Pass the layer in customObjects`,
    );
  }
  return {
    className: "",
    config: mean === null || variance === null ? {} : { mean: flat(mean), variance: flat(variance) },
  };
}

/** Statistics are written with leading axes of size 1. */
function flat(value: JsonValue): JsonValue {
  return isList(value) && isList(value[0]) ? flat(value[0]) : value;
}

/** Whether there is such a class. */
export function isKnownClass(className: string): boolean {
  return Object.hasOwn(classes, className);
}

/** What to make of a layer: class and config under the names of Keras 2 and 3. Throws `ModelFileError` for what is not here. */
export function layerRecipe(className: string, config: JsonObject, reading: LayerReading): LayerRecipe {
  const { options = [], only = {}, recipe } = classes[className]!;
  const { what } = reading;
  for (const [name, values] of Object.entries(only)) {
    const value = config[name];
    if (value !== undefined && value !== null && !values.some((allowed) => allowed === value)) {
      throw new ModelFileError(
        `${what}: ${name} is ${brief(value)}, read is only ${brief(values[0])}. Pass the layer in customObjects`,
      );
    }
  }
  if (config.activity_regularizer !== undefined && config.activity_regularizer !== null) {
    reading.warn(`${what}: its activity_regularizer is not here and does not count in training`);
  }
  const made = recipe?.(config, reading);
  const converted: Record<string, JsonValue> = { ...made?.config };
  for (const option of options) {
    const value = convertOption(option, config[option], className, reading);
    if (value !== undefined) {
      converted[camelCase(option)] = value;
    }
  }
  if (className === "Conv1D") {
    delete converted.groups;
  }
  return { className: made?.className || className, config: converted };
}

function convertOption(
  option: string,
  value: JsonValue | undefined,
  className: string,
  { what, kerasMajor }: LayerReading,
): JsonValue | undefined {
  if (option === "activation") {
    return value === undefined ? undefined : activationOption(what, value, kerasMajor);
  }
  if (option.endsWith("_initializer")) {
    return initializerOption(value);
  }
  if (option.endsWith("_regularizer")) {
    return regularizerOption(`${what}: ${option}`, value);
  }
  if (option.endsWith("_constraint")) {
    return constraintOption(`${what}: ${option}`, value);
  }
  if (value === null || value === undefined) {
    return undefined;
  }
  if (className.endsWith("1D") || (option === "axis" && className === "BatchNormalization")) {
    return sizesOption(value);
  }
  return value;
}
