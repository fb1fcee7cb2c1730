import type { Model } from "@convoy/core";
import { pathOf, writePaths } from "#files";
import { checkNames } from "./checkNames.js";
import { formatFor, type WriteOptions } from "./formats.js";

/** Settings of `saveModel`. */
export interface SaveModelOptions extends WriteOptions {
  /** "keras", "keras-weights", "h5", "tfjs" or "convoy"; default what the ending of the path says. */
  readonly format?: string;
}

/**
 * Writes a model to a path in Node, in the format that its ending says: `.keras`, `.h5`, `.weights.h5`, `model.json` or a folder
 * with a slash at its end for TensorFlow.js, `.safetensors` for Convoy's own. For the bytes alone there are `writeKeras`,
 * `writeKerasH5` and `writeKerasWeights` of `@convoy/formats/keras`, `writeTfjs` of `@convoy/formats/tfjs` and `model.save()`.
 * Throws `ArgumentError` for layers and options that the format has no word for.
 */
export async function saveModel(model: Model, target: string | URL, options: SaveModelOptions = {}): Promise<void> {
  checkNames("saveModel", options, ["format", "quantization"]);
  const { format: name, ...settings } = options;
  const path = pathOf(target).replaceAll("\\", "/");
  const format = formatFor(path, name);
  const written = await format.write!(model, settings);
  if (written instanceof Uint8Array) {
    await writePaths([{ path, bytes: written }]);
    return;
  }
  // The file that lists the others comes last: until then the old model is whole or the new one is.
  const folder = path.endsWith(".json")
    ? path.slice(0, Math.max(0, path.lastIndexOf("/") + 1))
    : `${path.replace(/\/$/, "")}/`;
  const files = Object.entries(written).map(([file, bytes]) => ({
    path: file === "model.json" && path.endsWith(".json") ? path : `${folder}${file}`,
    bytes,
  }));
  await writePaths(files.reverse());
}
