import { type Classes, type CustomObjects, fromObjectConfig, type JsonValue } from "../config.js";
import { lookUp } from "../names.js";
import { constant, ones, randomNormal, randomUniform, truncatedNormal, zeros } from "./distributions.js";
import type { Initializer } from "./initializer.js";
import { identity, orthogonal } from "./matrices.js";
import {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  varianceScaling,
} from "./varianceScaling.js";

export {
  constant,
  type NormalOptions,
  ones,
  randomNormal,
  randomUniform,
  truncatedNormal,
  zeros,
} from "./distributions.js";
export type { Initializer } from "./initializer.js";
export { identity, type MatrixOptions, orthogonal } from "./matrices.js";
export {
  computeFans,
  type FanMode,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  type ScalingDistribution,
  type VarianceScalingOptions,
  varianceScaling,
} from "./varianceScaling.js";

/** Values of an initializer option. */
export type InitializerName =
  | "zeros"
  | "ones"
  | "glorotUniform"
  | "glorotNormal"
  | "heUniform"
  | "heNormal"
  | "lecunUniform"
  | "lecunNormal"
  | "varianceScaling"
  | "randomUniform"
  | "randomNormal"
  | "truncatedNormal"
  | "orthogonal"
  | "identity";

const named: { readonly [N in InitializerName]: () => Initializer } = {
  zeros,
  ones,
  glorotUniform,
  glorotNormal,
  heUniform,
  heNormal,
  lecunUniform,
  lecunNormal,
  varianceScaling,
  randomUniform,
  randomNormal,
  truncatedNormal,
  orthogonal,
  identity,
};

/** The initializer behind an option. Throws `ArgumentError` for an unknown name. */
export function resolveInitializer(option: InitializerName | Initializer): Initializer {
  return typeof option === "string" ? lookUp("initializer", option, named)() : option;
}

const classes: Classes<Initializer> = {
  Zeros: zeros,
  Ones: ones,
  Constant: ({ value }: { value: number }) => constant(value),
  GlorotUniform: glorotUniform,
  GlorotNormal: glorotNormal,
  HeUniform: heUniform,
  HeNormal: heNormal,
  LecunUniform: lecunUniform,
  LecunNormal: lecunNormal,
  VarianceScaling: varianceScaling,
  RandomUniform: randomUniform,
  RandomNormal: randomNormal,
  TruncatedNormal: truncatedNormal,
  Orthogonal: orthogonal,
  Identity: identity,
};

/** An initializer from its plain JSON. Throws `ArgumentError` for an unknown class. */
export function initializerFromConfig(what: string, value: JsonValue, customObjects: CustomObjects): Initializer {
  return fromObjectConfig(what, value, classes, customObjects);
}
