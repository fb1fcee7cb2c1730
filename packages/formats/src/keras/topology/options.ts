import { type Config, type JsonValue, ModelFileError } from "@convoy/core";
import { brief, isList, isObject, type JsonObject } from "../../json.js";
import { camelCase } from "../names.js";

/** Activations whose names are not what camelCase makes of Keras' names. */
const activationNames: Readonly<Record<string, string>> = {
  "": "linear",
  leaky_relu: "leakyRelu",
  hard_sigmoid: "hardSigmoid",
  hard_swish: "hardSilu",
  hard_silu: "hardSilu",
  swish: "silu",
};

/** Names of Convoy's activations in Keras. */
const knownActivations = new Set(
  [
    "linear relu relu6 leakyRelu elu selu sigmoid hardSigmoid tanh softmax logSoftmax softplus softsign silu swish hardSilu hardSwish gelu",
  ].flatMap((names) => names.split(" ")),
);

/**
 * An activation option. Keras 2 and before have another hard sigmoid, 0.2 x + 0.5 cut off at 0 and 1, than Keras 3, which has
 * relu6(x + 3) / 6.
 */
export function activationOption(what: string, value: JsonValue | undefined, kerasMajor: number): JsonValue {
  if (value === null || value === undefined) {
    return "linear";
  }
  if (isObject(value)) {
    return activationObject(what, value, kerasMajor);
  }
  if (typeof value !== "string") {
    throw new ModelFileError(`${what}: activation is ${brief(value)}, expected a name`);
  }
  const name = Object.hasOwn(activationNames, value) ? activationNames[value]! : camelCase(value);
  if (!knownActivations.has(name)) {
    throw new ModelFileError(
      `${what}: activation "${value}" is not known; known are ${[...knownActivations].join(", ")}. Pass the layer in customObjects`,
    );
  }
  if (name === "hardSigmoid" && kerasMajor < 3) {
    throw new ModelFileError(
      `${what}: activation "hard_sigmoid" was 0.2 x + 0.5 in Keras ${kerasMajor}, which is not here (Keras 3 has relu6(x + 3) / 6); ` +
        "pass the layer in customObjects",
    );
  }
  return name;
}

/** An activation that is written as an object: Keras 3 does so for its own functions and for layers. */
function activationObject(what: string, value: JsonObject, kerasMajor: number): JsonValue {
  const { class_name: className, config } = value;
  if (className === "function" && typeof config === "string") {
    return activationOption(what, config, kerasMajor);
  }
  const options = isObject(config) ? config : {};
  const simple: Readonly<Record<string, string>> = { ReLU: "relu", Softmax: "softmax", Swish: "silu", SiLU: "silu" };
  if (typeof className === "string" && Object.hasOwn(simple, className)) {
    const { max_value: maxValue } = options;
    return className === "ReLU" && maxValue === 6 ? "relu6" : simple[className]!;
  }
  if (className === "LeakyReLU") {
    return { function: "leakyRelu", alpha: numberOf(options.negative_slope ?? options.alpha, 0.3) };
  }
  if (className === "ELU") {
    return { function: "elu", alpha: numberOf(options.alpha, 1) };
  }
  throw new ModelFileError(
    `${what}: activation ${brief(value)} is none of Keras' own; pass the layer in customObjects, or use an activation by name`,
  );
}

function numberOf(value: JsonValue | undefined, standard: number): number {
  return typeof value === "number" ? value : standard;
}

const initializerNames: Readonly<Record<string, string>> = {
  zero: "Zeros",
  zeros: "Zeros",
  one: "Ones",
  ones: "Ones",
  uniform: "RandomUniform",
  normal: "RandomNormal",
  random_uniform: "RandomUniform",
  random_normal: "RandomNormal",
  truncated_normal: "TruncatedNormal",
  glorot_uniform: "GlorotUniform",
  glorot_normal: "GlorotNormal",
  he_uniform: "HeUniform",
  he_normal: "HeNormal",
  lecun_uniform: "LecunUniform",
  lecun_normal: "LecunNormal",
  variance_scaling: "VarianceScaling",
  orthogonal: "Orthogonal",
  identity: "Identity",
};

/** Options of initializers that Convoy calls otherwise, or has no use for. */
const initializerOptions: Readonly<Record<string, readonly [keras: string, convoy: string][]>> = {
  Zeros: [],
  Ones: [],
  Constant: [["value", "value"]],
  GlorotUniform: [],
  GlorotNormal: [],
  HeUniform: [],
  HeNormal: [],
  LecunUniform: [],
  LecunNormal: [],
  VarianceScaling: [
    ["scale", "scale"],
    ["mode", "mode"],
    ["distribution", "distribution"],
  ],
  RandomUniform: [
    ["minval", "low"],
    ["maxval", "high"],
  ],
  RandomNormal: [
    ["mean", "mean"],
    ["stddev", "standardDeviation"],
  ],
  TruncatedNormal: [
    ["mean", "mean"],
    ["stddev", "standardDeviation"],
  ],
  Orthogonal: [["gain", "gain"]],
  Identity: [["gain", "gain"]],
};

/** Names that values of options of initializers have in Convoy. */
const initializerValues: Readonly<Record<string, string>> = {
  fan_in: "fanIn",
  fan_out: "fanOut",
  fan_avg: "fanAvg",
  normal: "truncatedNormal",
  truncated_normal: "truncatedNormal",
  untruncated_normal: "untruncatedNormal",
};

function initializerValue(value: string): string {
  return Object.hasOwn(initializerValues, value) ? initializerValues[value]! : value;
}

/** An initializer; undefined for one that is not known, as the weights of the file replace what it would draw. */
export function initializerOption(value: JsonValue | undefined): Config | undefined {
  const className =
    typeof value === "string" && Object.hasOwn(initializerNames, value)
      ? initializerNames[value]
      : isObject(value)
        ? value.class_name
        : undefined;
  const given = isObject(value) && isObject(value.config) ? value.config : {};
  const known = typeof className === "string" ? className.replace(/V[12]$/, "") : "";
  if (!Object.hasOwn(initializerOptions, known)) {
    return undefined;
  }
  const config: Record<string, JsonValue> = {};
  for (const [keras, convoy] of initializerOptions[known]!) {
    const option = given[keras];
    if (option !== undefined && option !== null) {
      config[convoy] = typeof option === "string" ? initializerValue(option) : option;
    }
  }
  return known === "Constant" && config.value === undefined
    ? { className: "Zeros", config: {} }
    : { className: known, config };
}

/** A regularizer; undefined for none. */
export function regularizerOption(what: string, value: JsonValue | undefined): Config | undefined {
  if (value === null || value === undefined) {
    return undefined;
  }
  const name = typeof value === "string" ? value.toUpperCase() : isObject(value) ? value.class_name : undefined;
  const options = isObject(value) && isObject(value.config) ? value.config : {};
  const fallback = name === "L1L2" ? 0 : 0.01;
  if (name !== "L1" && name !== "L2" && name !== "L1L2") {
    throw new ModelFileError(`${what} is ${brief(value)}; L1, L2 and L1L2 are known. Pass the layer in customObjects`);
  }
  const factor = (key: "l1" | "l2", used: boolean): number => (used ? numberOf(options[key], fallback) : 0);
  return { className: "L1L2", config: { l1: factor("l1", name !== "L2"), l2: factor("l2", name !== "L1") } };
}

/** A constraint; undefined for none. */
export function constraintOption(what: string, value: JsonValue | undefined): Config | undefined {
  if (value === null || value === undefined) {
    return undefined;
  }
  const name = typeof value === "string" ? value : isObject(value) ? value.class_name : undefined;
  const options = isObject(value) && isObject(value.config) ? value.config : {};
  const axis = options.axis === undefined || options.axis === null ? {} : { axis: options.axis };
  switch (name) {
    case "MaxNorm":
    case "max_norm":
    case "maxnorm":
      return { className: "MaxNorm", config: { maxValue: numberOf(options.max_value ?? options.m, 2), ...axis } };
    case "UnitNorm":
    case "unit_norm":
    case "unitnorm":
      return { className: "UnitNorm", config: axis };
    case "NonNeg":
    case "non_neg":
    case "nonneg":
      return { className: "NonNeg", config: {} };
    default:
      throw new ModelFileError(
        `${what} is ${brief(value)}; MaxNorm, UnitNorm and NonNeg are known. Pass the layer in customObjects`,
      );
  }
}

/** A pair or a number from what Keras writes as a number or an array; an array of one number is that number. */
export function sizesOption(value: JsonValue | undefined): JsonValue | undefined {
  return isList(value) && value.length === 1 ? value[0] : (value ?? undefined);
}
