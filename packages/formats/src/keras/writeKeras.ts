import type { Model } from "@convoy/core";
import { zipSync } from "fflate";
import { writeHdf5 } from "../hdf5/writeHdf5.js";
import { keras2, keras3 } from "./topology/dialect.js";
import { writeTopology } from "./topology/writeTopology.js";
import { keras2Group, keras3Group, modelWeights } from "./weights/writeWeights.js";
import { withoutSharing } from "./withoutSharing.js";

/** Zip archives hold a date; this one, the first that they can, makes equal models equal files. */
const noDate = new Date(1980, 0, 1);

/**
 * A model as a `.keras` file, which Keras 3 loads. The weights are stored as they are, without compression, as Keras does it. How
 * the model is trained does not go along. A model of which models within share layers, or a stack with a layer twice, is written
 * as one functional model without models within, which calls such a layer several times. Throws `ArgumentError` for layers and options that Keras does not have.
 */
export async function writeKeras(model: Model): Promise<Uint8Array> {
  const written = await withoutSharing(model);
  const { layers, weights } = await modelWeights(written);
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  return zipSync(
    {
      "metadata.json": json({ keras_version: "3.0.0", generated_by: "convoy" }),
      "config.json": json(writeTopology(written, keras3)),
      "model.weights.h5": writeHdf5(keras3Group(layers, weights, keras3)),
    },
    { level: 0, mtime: noDate },
  );
}

/** What files of Keras 2 say of themselves. */
const kerasVersion = { keras_version: "2.15.0", backend: "tensorflow" };

/** A model as an `.h5` file, which Keras 2 and 3 load. Throws like `writeKeras`. */
export async function writeKerasH5(model: Model): Promise<Uint8Array> {
  const written = await withoutSharing(model);
  const { layers, weights } = await modelWeights(written);
  return writeHdf5({
    attributes: { ...kerasVersion, model_config: JSON.stringify(writeTopology(written, keras2)) },
    children: { model_weights: keras2Group(layers, weights, keras2, kerasVersion) },
  });
}

/** The weights of a model alone as a `.weights.h5` file for Keras 3's `load_weights` into an equal model. */
export async function writeKerasWeights(model: Model): Promise<Uint8Array> {
  const { layers, weights } = await modelWeights(model);
  return writeHdf5(keras3Group(layers, weights, keras3));
}
