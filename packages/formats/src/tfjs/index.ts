/**
 * Layers models of TensorFlow.js: `model.json` and its files of weights.
 *
 * @module
 */
import type { Model } from "@convoy/core";
import { type FileSource, openFiles } from "../files/sources.js";
import { finishModel } from "../keras/parts.js";
import type { LoadOptions } from "../options.js";
import { openTfjs } from "./parts.js";

export type { FileMap, FileSource, ReadableStore } from "../files/sources.js";
export type { LoadOptions } from "../options.js";
export { type WriteTfjsOptions, writeTfjs } from "./writeTfjs.js";

/**
 * Reads a layers model of TensorFlow.js, from a Keras of any version or trained in a page (Teachable Machine), with weights that
 * may be quantised: the path or address of its `model.json`, its folder, or all its files. Weight files are looked for beside
 * `model.json` only. Throws `ModelFileError` that names what cannot be read, with the remedy.
 */
export async function readTfjs(source: FileSource, options: LoadOptions = {}): Promise<Model> {
  return await finishModel(await openTfjs(await openFiles(source)), options);
}
