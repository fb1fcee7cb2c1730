import type { Classes, Config, CustomObjects, JsonValue } from "../config.js";
import { constraintFromConfig } from "../constraints/index.js";
import { ArgumentError } from "../errors.js";
import { initializerFromConfig } from "../initializers/index.js";
import { likelyName } from "../names.js";
import { regularizerFromConfig } from "../regularizers/index.js";
import {
  activation,
  elu,
  gelu,
  hardSigmoid,
  hardSilu,
  leakyRelu,
  prelu,
  relu,
  relu6,
  silu,
  softmax,
  softplus,
  softsign,
} from "./activation.js";
import {
  cutMix,
  mixUp,
  randomBrightness,
  randomContrast,
  randomCrop,
  randomErasing,
  randomFlip,
  randomGaussianBlur,
  randomHue,
  randomInvert,
  randomRotation,
  randomSaturation,
  randomShear,
  randomTranslation,
  randomZoom,
} from "./augmentation/index.js";
import { conv1d } from "./conv1d.js";
import { conv2d } from "./conv2d.js";
import { conv2dTranspose } from "./conv2dTranspose.js";
import type { LayerOptions } from "./definition.js";
import { dense } from "./dense.js";
import { depthwiseConv2d, separableConv2d } from "./depthwiseConv2d.js";
import { cropping2d, permute, resizing, upSampling2d, zeroPadding2d } from "./imageSize.js";
import { input } from "./inputLayer.js";
import { Layer } from "./layer.js";
import { add, average, concatenate, maximum, minimum, multiply, subtract } from "./merging.js";
import { batchNormalization, groupNormalization, layerNormalization } from "./normalization.js";
import {
  averagePooling1d,
  averagePooling2d,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  maxPooling1d,
  maxPooling2d,
} from "./pooling.js";
import { normalization, rescaling } from "./preprocessing.js";
import { activityRegularization, dropout, gaussianDropout, gaussianNoise, spatialDropout2d } from "./regularizing.js";
import { flatten, reshape } from "./shaping.js";

/** Every layer's function by Keras' class name. */
const classes: Classes<Layer> = {
  Activation: activation,
  ActivityRegularization: activityRegularization,
  Add: add,
  Average: average,
  AveragePooling1D: averagePooling1d,
  AveragePooling2D: averagePooling2d,
  BatchNormalization: batchNormalization,
  Concatenate: concatenate,
  Conv1D: conv1d,
  Conv2D: conv2d,
  Conv2DTranspose: conv2dTranspose,
  Cropping2D: cropping2d,
  CutMix: cutMix,
  Dense: dense,
  DepthwiseConv2D: depthwiseConv2d,
  Dropout: dropout,
  ELU: elu,
  Flatten: flatten,
  GaussianDropout: gaussianDropout,
  GaussianNoise: gaussianNoise,
  Gelu: gelu,
  GlobalAveragePooling1D: globalAveragePooling1d,
  GlobalAveragePooling2D: globalAveragePooling2d,
  GlobalMaxPooling1D: globalMaxPooling1d,
  GlobalMaxPooling2D: globalMaxPooling2d,
  GroupNormalization: groupNormalization,
  HardSigmoid: hardSigmoid,
  HardSilu: hardSilu,
  InputLayer: input,
  LayerNormalization: layerNormalization,
  LeakyReLU: leakyRelu,
  MaxPooling1D: maxPooling1d,
  MaxPooling2D: maxPooling2d,
  Maximum: maximum,
  Minimum: minimum,
  MixUp: mixUp,
  Multiply: multiply,
  Normalization: normalization,
  PReLU: prelu,
  Permute: permute,
  RandomBrightness: randomBrightness,
  RandomContrast: randomContrast,
  RandomCrop: randomCrop,
  RandomErasing: randomErasing,
  RandomFlip: randomFlip,
  RandomGaussianBlur: randomGaussianBlur,
  RandomHue: randomHue,
  RandomInvert: randomInvert,
  RandomRotation: randomRotation,
  RandomSaturation: randomSaturation,
  RandomShear: randomShear,
  RandomTranslation: randomTranslation,
  RandomZoom: randomZoom,
  ReLU: anyRelu,
  Rescaling: rescaling,
  Reshape: reshape,
  Resizing: resizing,
  SeparableConv2D: separableConv2d,
  Silu: silu,
  Softmax: softmax,
  Softplus: softplus,
  Softsign: softsign,
  SpatialDropout2D: spatialDropout2d,
  Subtract: subtract,
  UpSampling2D: upSampling2d,
  ZeroPadding2D: zeroPadding2d,
};

/** Both layers of that class: Keras' `ReLU` has a bound, which is 6 or absent here. */
function anyRelu({ maxValue, ...options }: LayerOptions & { readonly maxValue?: number | null }): Layer {
  if ((maxValue ?? 6) !== 6) {
    throw new ArgumentError(`ReLU: maxValue is ${maxValue}, expected 6 for relu6, or none for relu`);
  }
  return (maxValue ?? null) === null ? relu(options) : relu6(options);
}

/** What options with these endings are made by, where they are not names. */
const objectOptions: {
  readonly [ending: string]: (what: string, value: JsonValue, customObjects: CustomObjects) => object;
} = {
  Initializer: initializerFromConfig,
  Regularizer: regularizerFromConfig,
  Constraint: constraintFromConfig,
};

/**
 * A layer from its class name and its `config`: the inverse of both. Throws `ArgumentError` for a class that is neither known nor
 * among `customObjects`, and like the layer's function.
 */
export function makeLayer(className: string, config: Config, customObjects: CustomObjects): Layer {
  if (Object.hasOwn(customObjects, className)) {
    const made = customObjects[className]!(config);
    if (!(made instanceof Layer)) {
      throw new ArgumentError(`customObjects.${className} returned no layer; it must return what defineLayer does`);
    }
    return made;
  }
  if (!Object.hasOwn(classes, className)) {
    const likely = likelyName(className, Object.keys(classes));
    throw new ArgumentError(
      `unknown layer class "${className}"${likely ? `: did you mean "${likely}"?` : "."} For a layer of your own pass ` +
        `customObjects: { ${className}: (config) => yourLayer(config) }`,
    );
  }
  return classes[className]!(withObjects(config, customObjects) as never);
}

/** The names of the layer classes that there are. */
export const layerClassNames: readonly string[] = Object.keys(classes);

/** The options as the layer's function takes them: initializers and the like made, null for none left out. */
function withObjects(config: Config, customObjects: CustomObjects): { readonly [option: string]: unknown } {
  return Object.fromEntries(
    Object.entries(config).flatMap(([option, value]): [string, unknown][] => {
      const ending = Object.keys(objectOptions).find((candidate) => option.endsWith(candidate));
      if (ending === undefined || typeof value === "string") {
        return [[option, value]];
      }
      return value === null ? [] : [[option, objectOptions[ending]!(option, value, customObjects)]];
    }),
  );
}
