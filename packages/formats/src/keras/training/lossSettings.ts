import { type JsonValue, losses, metrics } from "@convoy/core";
import { brief, isList, isObject, type JsonObject } from "../../json.js";
import { camelCase, optionSnakeCase } from "../names.js";

/** A loss as `compile` takes it. */
export type Loss = ReturnType<typeof losses.huber>;
/** A metric as `compile` takes it. */
export type Metric = ReturnType<typeof metrics.accuracy>;

/** Other names of Keras' losses and metrics. */
const aliases: Readonly<Record<string, string>> = {
  mse: "meanSquaredError",
  mae: "meanAbsoluteError",
  acc: "accuracy",
  kld: "klDivergence",
  kullbackLeiblerDivergence: "klDivergence",
  kldivergence: "klDivergence",
  kLDivergence: "klDivergence",
  aUC: "auc",
  mSE: "meanSquaredError",
  mAE: "meanAbsoluteError",
  sparseCategoricalCrossEntropy: "sparseCategoricalCrossentropy",
  categoricalCrossEntropy: "categoricalCrossentropy",
  binaryCrossEntropy: "binaryCrossentropy",
  sparseTopKCategoricalAccuracy: "topKCategoricalAccuracy",
};

/** Options of each loss. */
const lossOptions: Readonly<Record<string, readonly string[]>> = {
  sparseCategoricalCrossentropy: ["from_logits"],
  categoricalCrossentropy: ["from_logits", "label_smoothing"],
  binaryCrossentropy: ["from_logits", "label_smoothing"],
  categoricalFocalCrossentropy: ["from_logits", "label_smoothing", "alpha", "gamma"],
  binaryFocalCrossentropy: ["from_logits", "label_smoothing", "alpha", "gamma", "apply_class_balancing"],
  huber: ["delta"],
};

/** Options of each metric. */
const metricOptions: Readonly<Record<string, readonly string[]>> = {
  binaryAccuracy: ["threshold"],
  topKCategoricalAccuracy: ["k"],
  precision: ["threshold"],
  recall: ["threshold"],
  auc: ["num_thresholds", "curve"],
};

/** Metrics that may be called otherwise. */
const namedMetrics: readonly string[] = ["binaryAccuracy", "precision", "recall", "auc"];

/** Types of options; all others are numbers. */
const types: Readonly<Record<string, string>> = {
  curve: "string",
  from_logits: "boolean",
  apply_class_balancing: "boolean",
};

/** Options that do not say what is computed. */
const withoutEffect: readonly string[] = ["name", "dtype", "fn"];

/** Options of which 0 is as good a value as others. */
const indices: readonly string[] = ["axis", "class_id", "ignore_class"];

/** What Keras computes when nothing is said, as far as it is more than one value or not false, 0 or null. */
const defaults: Readonly<Record<string, readonly JsonValue[]>> = {
  reduction: ["auto", "sum_over_batch_size", "mean_with_sample_weight"],
  axis: [-1],
  summation_method: ["interpolation"],
};

/** A class or function of Keras by its name here, with its options. */
function named(value: JsonValue): { name: string; config: JsonObject } | undefined {
  const config = isObject(value) && isObject(value.config) ? value.config : {};
  // Keras 2 writes metrics that were given by name as a wrapper with that name.
  const wrapped = isObject(value) && value.class_name === "MeanMetricWrapper" ? config.name : undefined;
  const own = isObject(value) ? (typeof value.config === "string" ? value.config : value.class_name) : value;
  const given = wrapped ?? own;
  if (typeof given !== "string") {
    return undefined;
  }
  const camel = camelCase(given.replace(/^.*>/, ""));
  const name = `${camel[0]?.toLowerCase() ?? ""}${camel.slice(1)}`;
  return { name: Object.hasOwn(aliases, name) ? aliases[name]! : name, config };
}

/** The options in effect. Throws `UnknownOption` for one that there is not here and that is not Keras' default. */
function taken(config: JsonObject, own: readonly string[]): Record<string, JsonValue> {
  const options: [string, JsonValue][] = [];
  for (const [option, value] of Object.entries(config)) {
    if (value === null || withoutEffect.includes(option)) {
      continue;
    }
    if (own.includes(option)) {
      if (typeof value !== (types[option] ?? "number")) {
        throw new UnknownOption(option, value);
      }
      options.push([camelCase(option), value]);
    } else if (option === "thresholds" && own.includes("threshold")) {
      const [first, ...others] = isList(value) ? value : [value];
      if (typeof first !== "number" || others.length > 0) {
        throw new UnknownOption(option, value);
      }
      options.push(["threshold", first]);
    } else if (
      value !== false &&
      !(value === 0 && !indices.includes(option)) &&
      !(Object.hasOwn(defaults, option) && defaults[option]!.includes(value))
    ) {
      throw new UnknownOption(option, value);
    }
  }
  return Object.fromEntries(options);
}

/** An option that is not known here, without which something else would be computed. */
export class UnknownOption extends Error {
  constructor(option: string, value: JsonValue) {
    super(`has ${option} ${brief(value)}, which there is not here`);
  }
}

function make<T>(
  table: object,
  value: JsonValue,
  options: (name: string, config: JsonObject) => object,
): T | undefined {
  const found = named(value);
  const known = table as Readonly<Record<string, (options: object) => T>>;
  return found !== undefined && Object.hasOwn(table, found.name)
    ? known[found.name]!(options(found.name, found.config))
    : undefined;
}

/** A loss of a file; undefined for one that is not known. Throws `UnknownOption`, and `ArgumentError` for options out of range. */
export function readLoss(value: JsonValue): Loss | undefined {
  return make(losses, value, (name, config) =>
    taken(config, Object.hasOwn(lossOptions, name) ? lossOptions[name]! : []),
  );
}

/** A metric of a file, like `readLoss`. */
export function readMetric(value: JsonValue): Metric | undefined {
  return make(metrics, value, (name, config) => {
    const options = taken(config, Object.hasOwn(metricOptions, name) ? metricOptions[name]! : []);
    const ownName = config.name;
    // Keras' own name is the one here in other letters.
    return typeof ownName === "string" && ownName !== optionSnakeCase(name) && namedMetrics.includes(name)
      ? { ...options, name: ownName }
      : options;
  });
}
