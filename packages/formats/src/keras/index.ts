/**
 * Model files of Keras 1, 2 and 3: `.keras`, `.h5`, `.weights.h5`.
 *
 * @module
 */
import type { Model } from "@convoy/core";
import { type FileSource, openFiles } from "../files/sources.js";
import type { LoadOptions } from "../options.js";
import { finishModel, openKeras } from "./parts.js";

export type { FileMap, FileSource, ReadableStore } from "../files/sources.js";
export type { LoadOptions } from "../options.js";
export type { WriteTrainingOptions } from "./training/writeCompileSettings.js";
export { writeKeras, writeKerasH5, writeKerasWeights } from "./writeKeras.js";

/**
 * Reads a model that Keras 1, 2 or 3 has saved: `.keras`, `.h5`, or weights alone (`.weights.h5`, also in several files) with the
 * option `architecture`. Images stay as the file has them: models of `channels_first` take [N,C,H,W]. Throws `ModelFileError` that
 * names what cannot be read, with the remedy.
 */
export async function readKeras(source: FileSource, options: LoadOptions = {}): Promise<Model> {
  return await finishModel(await openKeras(await openFiles(source)), options);
}
