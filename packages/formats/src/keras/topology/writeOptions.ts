import { ArgumentError, type JsonValue } from "@convoy/core";
import { brief, isObject, type JsonObject } from "../../json.js";
import { optionSnakeCase } from "../names.js";
import type { Dialect } from "./dialect.js";

/** Names of activations in Keras 3; those that are absent have the same in snake_case. */
const keras3Names: Readonly<Record<string, string>> = { swish: "silu", hardSwish: "hard_silu" };

/** Activations that Keras 2 has by name. */
const keras2Names: Readonly<Record<string, string>> = {
  linear: "linear",
  relu: "relu",
  relu6: "relu6",
  elu: "elu",
  selu: "selu",
  sigmoid: "sigmoid",
  tanh: "tanh",
  softmax: "softmax",
  softplus: "softplus",
  softsign: "softsign",
  silu: "swish",
  swish: "swish",
  gelu: "gelu",
};

/** Those that TensorFlow.js has beside them. */
const tfjsNames: Readonly<Record<string, string>> = { logSoftmax: "logSoftmax" };

/** An activation as an option of another layer. Throws `ArgumentError` where the program has none of that name. */
export function writeActivation(place: string, value: JsonValue, dialect: Dialect): JsonValue {
  const name = typeof value === "string" ? value : undefined;
  if (dialect.major === 2) {
    const known = dialect.tfjs ? { ...keras2Names, ...tfjsNames } : keras2Names;
    if (name !== undefined && Object.hasOwn(known, name)) {
      return known[name]!;
    }
  } else if (name === undefined) {
    return activationLayer(value);
  } else if (name !== "geluTanh") {
    return keras3Names[name] ?? optionSnakeCase(name);
  }
  throw new ArgumentError(
    `${place}: ${dialect.name} has no activation ${brief(value)} by name; make it a layer of its own behind this one, such as ` +
      "layers.leakyRelu(), or use another one",
  );
}

/** Keras 3 takes layers as activations. */
function activationLayer(value: JsonValue): JsonValue {
  const { function: name, alpha } = value as JsonObject;
  const [className, config] = name === "elu" ? ["ELU", { alpha: alpha! }] : ["LeakyReLU", { negative_slope: alpha! }];
  return {
    module: "keras.layers",
    class_name: className,
    config: { ...config, dtype: "float32" },
    registered_name: null,
  };
}

const initializerOptions: Readonly<Record<string, string>> = {
  low: "minval",
  high: "maxval",
  standardDeviation: "stddev",
};

const initializerValues: Readonly<Record<string, string>> = {
  fanIn: "fan_in",
  fanOut: "fan_out",
  fanAvg: "fan_avg",
  truncatedNormal: "truncated_normal",
  untruncatedNormal: "untruncated_normal",
};

/** An initializer, regularizer or constraint. */
export function writeObject(value: JsonObject, module: string, dialect: Dialect): JsonValue {
  const config: Record<string, JsonValue> = {};
  for (const [option, given] of Object.entries(isObject(value.config) ? value.config : {})) {
    const key = initializerOptions[option] ?? optionSnakeCase(option);
    config[key] = typeof given === "string" ? (initializerValues[given] ?? given) : given;
  }
  const own = { class_name: value.className ?? null, config };
  return dialect.major === 3 ? { module: `keras.${module}`, ...own, registered_name: null } : own;
}
