import type { Backend } from "../../backend/index.js";
import { brief, type CustomObjects, isConfig, type JsonValue, type ObjectConfig, objectConfig } from "../../config.js";
import { ArgumentError, ModelFileError } from "../../errors.js";
import { lossFromConfig } from "../../losses/index.js";
import { metricFromConfig } from "../../metrics/index.js";
import { optimizerFromConfig } from "../../optimizers/index.js";
import type { CompileSettings } from "../declare/compileSettings.js";
import type { CompileOptions } from "../options.js";

/** What a model was compiled with, but for the backend, as plain JSON. */
export interface CompileConfig {
  readonly optimizer: ObjectConfig;
  /** In the model's order. */
  readonly outputs: readonly OutputCompileConfig[];
}

/** What one output of a model is trained and judged by, as plain JSON. */
export interface OutputCompileConfig {
  readonly name: string;
  /** Absent where `compile` was given no loss. */
  readonly loss?: ObjectConfig;
  readonly lossWeight: number;
  readonly metrics: readonly ObjectConfig[];
}

/** What a model was compiled with. Throws `ArgumentError` for what does not say how it is made. */
export function compileConfig({ optimizer, outputs }: CompileSettings): CompileConfig {
  try {
    return {
      optimizer: objectConfig(`optimizer "${optimizer.name}"`, optimizer),
      outputs: outputs.map(({ name, loss, lossWeight, metrics }) => ({
        name,
        ...(loss === undefined ? {} : { loss: objectConfig(`loss "${loss.name}"`, loss) }),
        lossWeight,
        metrics: metrics.map((metric) => objectConfig(`metric "${metric.name}"`, metric)),
      })),
    };
  } catch (error) {
    throw error instanceof ArgumentError
      ? new ArgumentError(`${error.message}; or save without it: includeOptimizer: false`, { cause: error })
      : error;
  }
}

/** The options of `compile` from a file. Throws `ModelFileError` for what they cannot be made of. */
export function compileOptions(
  json: JsonValue | undefined,
  backend: Backend,
  customObjects: CustomObjects,
): CompileOptions {
  const { optimizer, outputs } = isConfig(json) ? json : {};
  if (!Array.isArray(outputs) || outputs.length === 0 || !outputs.every(isConfig)) {
    throw new ModelFileError(`training: compile is ${brief(json)}, expected { optimizer, outputs }`);
  }
  const all = outputs as readonly { readonly [name: string]: JsonValue }[];
  try {
    const losses = all.map(({ loss }) => loss);
    return {
      backend,
      optimizer: optimizerFromConfig(optimizer as JsonValue, customObjects),
      ...(losses.every((loss) => loss === undefined)
        ? {}
        : { loss: losses.map((loss) => lossFromConfig("the loss", loss as JsonValue, customObjects)) }),
      lossWeights: all.map(({ lossWeight = 1 }) => lossWeight as number),
      metrics: all.map(({ metrics = [] }) =>
        (metrics as readonly JsonValue[]).map((metric) => metricFromConfig("a metric", metric, customObjects)),
      ),
    };
  } catch (error) {
    // Options of wrong types may make any error.
    const message = error instanceof Error ? error.message : String(error);
    throw new ModelFileError(
      `training: compile: ${message}. Without a backend loadModel passes over it, and compile can say anew how to train`,
      { cause: error },
    );
  }
}
