import { ModelFileError } from "@convoy/core";
import { brief, isList, type JsonObject } from "../../json.js";

/** What Keras 1 called classes, and Keras 2 and TensorFlow call them otherwise. */
const classNames: Readonly<Record<string, string>> = {
  Convolution1D: "Conv1D",
  Convolution2D: "Conv2D",
  Deconvolution2D: "Conv2DTranspose",
  SeparableConvolution2D: "SeparableConv2D",
  AtrousConvolution2D: "Conv2D",
  Convolution2DTranspose: "Conv2DTranspose",
  MaxPool1D: "MaxPooling1D",
  MaxPool2D: "MaxPooling2D",
  AvgPool1D: "AveragePooling1D",
  AvgPool2D: "AveragePooling2D",
  GlobalMaxPool1D: "GlobalMaxPooling1D",
  GlobalMaxPool2D: "GlobalMaxPooling2D",
  GlobalAvgPool1D: "GlobalAveragePooling1D",
  GlobalAvgPool2D: "GlobalAveragePooling2D",
  BatchNormalizationV1: "BatchNormalization",
  BatchNormalizationV2: "BatchNormalization",
  SyncBatchNormalization: "BatchNormalization",
};

/** The name that a class has in Keras 2 and 3. */
export function currentClassName(className: string): string {
  return Object.hasOwn(classNames, className) ? classNames[className]! : className;
}

/** What Keras 1 called options. */
const optionNames: Readonly<Record<string, string>> = {
  nb_filter: "filters",
  border_mode: "padding",
  subsample: "strides",
  subsample_length: "strides",
  filter_length: "kernel_size",
  output_dim: "units",
  init: "kernel_initializer",
  bias: "use_bias",
  W_regularizer: "kernel_regularizer",
  b_regularizer: "bias_regularizer",
  W_constraint: "kernel_constraint",
  b_constraint: "bias_constraint",
  atrous_rate: "dilation_rate",
  pool_length: "pool_size",
  stride: "strides",
  p: "rate",
  sigma: "stddev",
  beta_init: "beta_initializer",
  gamma_init: "gamma_initializer",
};

/** Regularizers of Keras 1 are { name: "WeightRegularizer", l1, l2 }. */
function currentRegularizer(value: JsonObject[string]): JsonObject[string] {
  if (typeof value !== "object" || value === null || isList(value) || value.class_name !== undefined) {
    return value;
  }
  const { l1 = 0, l2 = 0 } = value as JsonObject;
  return { class_name: "L1L2", config: { l1, l2 } };
}

/**
 * The config of a layer under the names of Keras 2, where it uses those of Keras 1. Files of Keras 3 always say their version, so theirs
 * are left as they are; others may be of Keras 1 without saying so. Throws `ModelFileError` for what has become of no option: batch
 * normalization of another mode.
 */
export function currentConfig(what: string, className: string, config: JsonObject, kerasMajor: number): JsonObject {
  if (kerasMajor === 3) {
    return config;
  }
  // "pool_length" and "stride" belong to pooling, "p" and "sigma" to dropout and noise; elsewhere Keras 1 does not have them.
  const rename = (name: string): string => {
    const current = Object.hasOwn(optionNames, name) ? optionNames[name]! : name;
    // Beside an option by its name in Keras 2, that of Keras 1 is something else.
    return Object.hasOwn(config, current) ? name : current;
  };
  const renamed: Record<string, JsonObject[string]> = Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      const current = rename(name);
      return [current, current.endsWith("_regularizer") ? currentRegularizer(value) : value];
    }),
  );
  if (className === "PReLU" && Object.hasOwn(renamed, "kernel_initializer")) {
    renamed.alpha_initializer = renamed.kernel_initializer!;
    delete renamed.kernel_initializer;
  }
  if (config.nb_row !== undefined && config.nb_col !== undefined) {
    renamed.kernel_size = [config.nb_row, config.nb_col];
  }
  if (config.dim_ordering !== undefined && config.dim_ordering !== "default") {
    renamed.data_format = config.dim_ordering === "th" ? "channels_first" : "channels_last";
  }
  if (className === "BatchNormalization" && config.mode !== undefined && config.mode !== 0 && config.mode !== 2) {
    throw new ModelFileError(`${what}: mode is ${brief(config.mode)}, which Keras 2 gave up; 0 and 2 are read`);
  }
  return renamed;
}

/** The class that a `Merge` of Keras 1 is now, by its mode. */
export function mergeClass(what: string, config: JsonObject): { className: string; config: JsonObject } {
  const { mode, concat_axis: axis, name } = config;
  const modes: Readonly<Record<string, string>> = {
    sum: "Add",
    mul: "Multiply",
    ave: "Average",
    max: "Maximum",
    concat: "Concatenate",
  };
  if (typeof mode !== "string" || !Object.hasOwn(modes, mode)) {
    throw new ModelFileError(`${what}: Merge with mode ${brief(mode)}, read are ${Object.keys(modes).join(", ")}`);
  }
  const className = modes[mode]!;
  const kept: JsonObject = name === undefined ? {} : { name };
  return { className, config: className === "Concatenate" && axis !== undefined ? { ...kept, axis } : kept };
}
