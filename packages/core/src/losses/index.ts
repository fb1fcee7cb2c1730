import { type Classes, type CustomObjects, fromObjectConfig, type JsonValue } from "../config.js";
import { lookUp } from "../names.js";
import { binaryCrossentropy, categoricalCrossentropy, sparseCategoricalCrossentropy } from "./crossentropy.js";
import { binaryFocalCrossentropy, categoricalFocalCrossentropy } from "./focal.js";
import type { Loss } from "./loss.js";
import { huber, klDivergence, meanAbsoluteError, meanSquaredError } from "./regression.js";

export {
  binaryCrossentropy,
  type CrossentropyOptions,
  categoricalCrossentropy,
  type SmoothedCrossentropyOptions,
  sparseCategoricalCrossentropy,
} from "./crossentropy.js";
export {
  type BinaryFocalOptions,
  binaryFocalCrossentropy,
  categoricalFocalCrossentropy,
  type FocalOptions,
} from "./focal.js";
export type { Loss, LossContext, LossResult } from "./loss.js";
export { type HuberOptions, huber, klDivergence, meanAbsoluteError, meanSquaredError } from "./regression.js";

/** Values of the option `loss`. */
export type LossName =
  | "sparseCategoricalCrossentropy"
  | "categoricalCrossentropy"
  | "binaryCrossentropy"
  | "categoricalFocalCrossentropy"
  | "binaryFocalCrossentropy"
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "huber"
  | "klDivergence";

const named: { readonly [N in LossName]: () => Loss } = {
  sparseCategoricalCrossentropy,
  categoricalCrossentropy,
  binaryCrossentropy,
  categoricalFocalCrossentropy,
  binaryFocalCrossentropy,
  meanSquaredError,
  meanAbsoluteError,
  huber,
  klDivergence,
};

/** The loss behind an option. Throws `ArgumentError` for an unknown name. */
export function resolveLoss(option: LossName | Loss): Loss {
  return typeof option === "string" ? lookUp("loss", option, named)() : option;
}

const classes: Classes<Loss> = {
  SparseCategoricalCrossentropy: sparseCategoricalCrossentropy,
  CategoricalCrossentropy: categoricalCrossentropy,
  BinaryCrossentropy: binaryCrossentropy,
  CategoricalFocalCrossentropy: categoricalFocalCrossentropy,
  BinaryFocalCrossentropy: binaryFocalCrossentropy,
  MeanSquaredError: meanSquaredError,
  MeanAbsoluteError: meanAbsoluteError,
  Huber: huber,
  KLDivergence: klDivergence,
};

/** A loss from its plain JSON. Throws `ArgumentError` for an unknown class. */
export function lossFromConfig(what: string, value: JsonValue, customObjects: CustomObjects): Loss {
  return fromObjectConfig(what, value, classes, customObjects);
}
