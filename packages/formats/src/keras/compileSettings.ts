import { ConvoyError, type JsonValue, losses, metrics } from "@convoy/core";
import { brief, isList, isObject, type JsonObject } from "../json.js";
import { camelCase } from "./names.js";
import { type Optimizer, readOptimizer } from "./optimizerSettings.js";

type Loss = ReturnType<typeof losses.huber>;
type Metric = ReturnType<typeof metrics.accuracy>;

/** How a model of a file was trained, as far as it is known here. */
export interface KnownSettings {
  readonly optimizer?: Optimizer;
  readonly loss?: Loss;
  readonly metrics?: readonly Metric[];
}

/** Other names of Keras' losses and metrics. */
const aliases: Readonly<Record<string, string>> = {
  mse: "meanSquaredError",
  mae: "meanAbsoluteError",
  acc: "accuracy",
  kld: "klDivergence",
  kullbackLeiblerDivergence: "klDivergence",
  kldivergence: "klDivergence",
  aUC: "auc",
  mSE: "meanSquaredError",
  mAE: "meanAbsoluteError",
  sparseCategoricalCrossEntropy: "sparseCategoricalCrossentropy",
  categoricalCrossEntropy: "categoricalCrossentropy",
  binaryCrossEntropy: "binaryCrossentropy",
  topKCategoricalAccuracy: "topKCategoricalAccuracy",
};

/** Options of losses and metrics that are taken over. */
const takenOptions = [
  "from_logits",
  "label_smoothing",
  "delta",
  "alpha",
  "gamma",
  "k",
  "threshold",
  "num_thresholds",
  "curve",
];

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
  const camel = camelCase(given);
  const name = `${camel[0]?.toLowerCase() ?? ""}${camel.slice(1)}`;
  return { name: Object.hasOwn(aliases, name) ? aliases[name]! : name, config };
}

function make<T>(table: object, value: JsonValue, options: (config: JsonObject) => object): T | undefined {
  const found = named(value);
  const known = table as Readonly<Record<string, (options: object) => T>>;
  return found !== undefined && Object.hasOwn(table, found.name)
    ? known[found.name]!(options(found.config))
    : undefined;
}

function taken(config: JsonObject): object {
  return Object.fromEntries(
    takenOptions.flatMap((name) => {
      const value = config[name];
      return value === undefined || value === null ? [] : [[camelCase(name), value]];
    }),
  );
}

/**
 * Optimizer, loss and metrics from `training_config` of Keras 1 and 2 or `compile_config` of Keras 3. What is not known is told
 * and left out.
 */
export function knownSettings(value: JsonValue | undefined, warn: (message: string) => void): KnownSettings {
  if (!isObject(value)) {
    return {};
  }
  const optimizer = attempt(
    "optimizer",
    value.optimizer_config ?? value.optimizer,
    (given) => readOptimizer(given, warn),
    warn,
  );
  const loss = attempt("loss", value.loss, (given) => make<Loss>(losses, given, taken), warn);
  const metricList = isList(value.metrics) ? value.metrics.flat() : [];
  const found = metricList.flatMap(
    (metric) => attempt("metric", metric as JsonValue, (given) => make<Metric>(metrics, given, taken), warn) ?? [],
  );
  return {
    ...(optimizer === undefined ? {} : { optimizer }),
    ...(loss === undefined ? {} : { loss }),
    // Metrics are of no use without a loss.
    ...(found.length === 0 || loss === undefined ? {} : { metrics: found }),
  };
}

function attempt<T>(
  what: string,
  value: JsonValue | undefined,
  read: (value: JsonValue) => T | undefined,
  warn: (message: string) => void,
): T | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  let problem = "is not known here";
  try {
    const made = read(value);
    if (made !== undefined) {
      return made;
    }
  } catch (error) {
    if (!(error instanceof ConvoyError)) {
      throw error;
    }
    problem = `cannot be made: ${error.message}`;
  }
  warn(`the ${what} ${brief(value)} of the file ${problem}; give it to compile yourself`);
  return undefined;
}
