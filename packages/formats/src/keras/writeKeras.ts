import type { JsonValue, Model } from "@convoy/core";
import { zipSync } from "fflate";
import { checkNames } from "../checkNames.js";
import { type Hdf5Group, writeHdf5 } from "../hdf5/writeHdf5.js";
import { isObject, type JsonObject } from "../json.js";
import { keras2, keras3 } from "./topology/dialect.js";
import { writeTopology } from "./topology/writeTopology.js";
import type { OptimizerVariable } from "./training/optimizerVariables.js";
import { kerasJson, trainingConfig, trainingOf, type WriteTrainingOptions } from "./training/writeCompileSettings.js";
import { keras2Group, keras3Group, modelWeights } from "./weights/writeWeights.js";
import { withoutSharing } from "./withoutSharing.js";

/** Zip archives hold a date; this one, the first that they can, makes equal models equal files. */
const noDate = new Date(1980, 0, 1);

/**
 * A model as a `.keras` file, which Keras 3 loads. The weights are stored as they are, without compression, as Keras does it. A
 * compiled model has its optimizer, what that keeps for each weight, loss and metrics in the file, so that Keras trains on from
 * there. A model of which models within share layers, or a stack with a layer twice, is written as one functional model without
 * models within, which calls such a layer several times; its optimizer begins anew. Throws `ArgumentError` for layers and options
 * that Keras does not have.
 */
export async function writeKeras(model: Model, options: WriteTrainingOptions = {}): Promise<Uint8Array> {
  checkNames("writeKeras", options, writeTrainingNames);
  const written = await withoutSharing(model);
  const training = await trainingOf(model, keras3, options, written === model);
  const { layers, weights } = await modelWeights(written, written === model ? training?.weights : undefined);
  const json = (value: JsonValue): Uint8Array => new TextEncoder().encode(kerasJson(value));
  const rest = { weighted_metrics: null, run_eagerly: false, steps_per_execution: 1, jit_compile: "auto" };
  const compiled = training === undefined ? {} : { compile_config: { ...training.settings, ...rest } };
  const { children } = keras3Group(layers, weights, keras3);
  const optimizer =
    training?.variables === undefined
      ? {}
      : { optimizer: variablesGroup(training.settings.optimizer, training.variables) };
  return zipSync(
    {
      "metadata.json": json({ keras_version: "3.0.0", generated_by: "convoy" }),
      "config.json": json({ ...writeTopology(written, keras3, { warn: options.warn }), ...compiled }),
      "model.weights.h5": writeHdf5({ children: { ...children, ...optimizer } }),
    },
    { level: 0, mtime: noDate },
  );
}

/** What an optimizer keeps, by number. */
function variablesGroup({ config }: JsonObject, variables: readonly OptimizerVariable[]): Hdf5Group {
  const numbered = variables.map((variable, index) => [String(index), variable] as const);
  const name = isObject(config) ? String(config.name) : "optimizer";
  return { children: { vars: { attributes: { name }, children: Object.fromEntries(numbered) } } };
}

/** The options of these functions. */
const writeTrainingNames: readonly (keyof WriteTrainingOptions)[] = ["includeOptimizer", "warn"];

/** What files of Keras 2 say of themselves. */
const kerasVersion = { keras_version: "2.15.0", backend: "tensorflow" };

/**
 * A model as an `.h5` file, which Keras 2 and 3 load. A compiled model has its optimizer, loss and metrics in the file. What the
 * optimizer keeps does not go along: Keras 2 and 3 have it in different orders there, and tell by no version which it is. Throws
 * like `writeKeras`.
 */
export async function writeKerasH5(model: Model, options: WriteTrainingOptions = {}): Promise<Uint8Array> {
  checkNames("writeKerasH5", options, writeTrainingNames);
  const written = await withoutSharing(model);
  const { layers, weights } = await modelWeights(written);
  const training = await trainingOf(model, keras2, options, false);
  return writeHdf5({
    attributes: {
      ...kerasVersion,
      model_config: JSON.stringify(writeTopology(written, keras2, { warn: options.warn })),
      ...(training === undefined ? {} : { training_config: kerasJson(trainingConfig(training.settings)) }),
    },
    children: { model_weights: keras2Group(layers, weights, keras2, kerasVersion) },
  });
}

/** The weights of a model alone as a `.weights.h5` file for Keras 3's `load_weights` into an equal model. */
export async function writeKerasWeights(model: Model): Promise<Uint8Array> {
  const { layers, weights } = await modelWeights(model);
  return writeHdf5(keras3Group(layers, weights, keras3));
}
