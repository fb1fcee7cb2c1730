import { ConvoyError, type JsonValue } from "@convoy/core";
import { brief, isList, isObject } from "../../json.js";
import { type Loss, type Metric, readLoss, readMetric, UnknownOption } from "./lossSettings.js";
import { type Optimizer, readOptimizer } from "./optimizerSettings.js";

/** How a model of a file was trained, as far as it is known here. */
export interface KnownSettings {
  readonly optimizer?: Optimizer;
  readonly loss?: Loss | readonly Loss[] | Readonly<Record<string, Loss>>;
  readonly lossWeights?: number | readonly number[] | Readonly<Record<string, number>>;
  readonly metrics?: readonly Metric[] | readonly (readonly Metric[])[] | Readonly<Record<string, readonly Metric[]>>;
}

/** The model that settings are for. */
export interface SettingsOf {
  /** Number of its outputs; default 1. */
  readonly outputs?: number;
  /** Version of Keras; default 3. */
  readonly kerasMajor?: number;
}

/**
 * Optimizer, loss and metrics from `training_config` of Keras 1 and 2 or `compile_config` of Keras 3. What is not known is told
 * and left out.
 */
export function knownSettings(
  value: JsonValue | undefined,
  warn: (message: string) => void,
  { outputs = 1, kerasMajor = 3 }: SettingsOf = {},
): KnownSettings {
  if (!isObject(value)) {
    return {};
  }
  const optimizer = attempt(
    "optimizer",
    value.optimizer_config ?? value.optimizer,
    (given) => readOptimizer(given, warn),
    warn,
  );
  const loss = attempt("loss", value.loss, readLosses, warn);
  const lossWeights = attempt(
    "loss_weights",
    isSaid(value.loss_weights) ? value.loss_weights : undefined,
    weights,
    warn,
  );
  const readMetrics = (given: JsonValue): readonly Metric[] =>
    [given].flat(2).flatMap((metric) => attempt("metric", metric as JsonValue, readMetric, warn) ?? []);
  const metrics = metricsOf(value.metrics, outputs, kerasMajor, readMetrics);
  const metricNames = Object.values(metrics)
    .flat()
    .map(({ name }) => name);
  for (const option of ["weighted_metrics", "sample_weight_mode"]) {
    if (isSaid(value[option])) {
      warn(
        `the ${option} ${brief(value[option])} of the file are not taken over; give compile and fit what takes their place`,
      );
    }
  }
  if (metricNames.length > 0 && loss === undefined) {
    warn(
      `the metrics ${metricNames.join(", ")} of the file are left out, as there is no loss; give both to compile yourself`,
    );
  }
  return {
    ...(optimizer === undefined ? {} : { optimizer }),
    ...(loss === undefined ? {} : { loss }),
    ...(lossWeights === undefined || loss === undefined ? {} : { lossWeights }),
    // Metrics are of no use without a loss.
    ...(metricNames.length === 0 || loss === undefined ? {} : { metrics }),
  };
}

/** One loss, or those of several outputs in order or by name; undefined where one of them is not known. */
function readLosses(value: JsonValue): KnownSettings["loss"] {
  if (isList(value)) {
    const losses = value.map(readLoss);
    return losses.every((loss) => loss !== undefined) ? losses : undefined;
  }
  if (isObject(value) && value.class_name === undefined) {
    const losses = Object.entries(value).map(([name, loss]) => [name, readLoss(loss)] as const);
    return losses.every(([, loss]) => loss !== undefined)
      ? (Object.fromEntries(losses) as Readonly<Record<string, Loss>>)
      : undefined;
  }
  return readLoss(value);
}

/**
 * Metrics as `compile` takes them: of one output a list, of several a list of each. Keras 1 and 2 mean a plain list for every
 * output, Keras 3 one metric for each.
 */
function metricsOf(
  value: JsonValue | undefined,
  outputs: number,
  kerasMajor: number,
  read: (value: JsonValue) => readonly Metric[],
): NonNullable<KnownSettings["metrics"]> {
  if (isObject(value) && value.class_name === undefined) {
    return Object.fromEntries(Object.entries(value).map(([name, metrics]) => [name, read(metrics)]));
  }
  const list = isList(value) ? value : [];
  if (outputs === 1) {
    return read(list);
  }
  const each = list.some(isList) || (kerasMajor === 3 && list.length === outputs);
  return each ? list.map(read) : Array.from({ length: list.length === 0 ? 0 : outputs }, () => read(list));
}

/** Whether there is anything in it: files hold null, or lists and objects of null, for options that were not given. */
function isSaid(value: JsonValue | undefined): boolean {
  return typeof value === "object" && value !== null
    ? Object.values(value).some(isSaid)
    : value !== undefined && value !== null;
}

/** Weights of the losses of outputs: one, or one for each in order or by name. */
function weights(value: JsonValue): KnownSettings["lossWeights"] {
  const isNumber = (weight: JsonValue): weight is number => typeof weight === "number";
  if (isNumber(value) || (isList(value) && value.every(isNumber))) {
    return value as number | readonly number[];
  }
  return isObject(value) && Object.values(value).every(isNumber)
    ? (value as Readonly<Record<string, number>>)
    : undefined;
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
    if (error instanceof UnknownOption) {
      problem = error.message;
    } else if (error instanceof ConvoyError) {
      problem = `cannot be made: ${error.message}`;
    } else {
      throw error;
    }
  }
  warn(`the ${what} ${brief(value)} of the file ${problem}; give it to compile yourself`);
  return undefined;
}
