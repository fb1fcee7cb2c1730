import { ArgumentError, type Model } from "@convoy/core";
import { pathOf, readIfThere, removeListed, writePaths } from "#files";
import { checkNames } from "./checkNames.js";
import { checkWritten, formatFor } from "./formats.js";
import { listedFiles } from "./tfjs/listedFiles.js";
import type { WriteOptions } from "./writeOptions.js";

/** Settings of `saveModel`. */
export interface SaveModelOptions extends WriteOptions {
  /** "keras", "keras-weights", "h5", "tfjs", "convoy", "onnx" or "safetensors"; default what the ending of the path says. */
  readonly format?: string;
  /** Whether a model at the path is replaced; default true. With false it is an `ArgumentError` where there is a file already. */
  readonly overwrite?: boolean;
}

/**
 * Writes a model to a path in Node, in the format that its ending says: `.keras`, `.h5`, `.weights.h5`, `model.json` or a folder
 * with a slash at its end for TensorFlow.js, `.onnx`, `.safetensors` for Convoy's own, which has layers and training, too. A
 * `.safetensors` of weights alone, as PyTorch's tools read it, is written with `format: "safetensors"`. For the bytes alone there
 * are `writeKeras`, `writeKerasH5` and `writeKerasWeights` of `@convoy/formats/keras`, `writeTfjs` of `@convoy/formats/tfjs`,
 * `writeOnnx`, `writeSafetensors` and `model.save()`. Throws `ArgumentError` for layers and options that the format does not have.
 */
export async function saveModel(model: Model, target: string | URL, options: SaveModelOptions = {}): Promise<void> {
  checkNames("saveModel", options, ["format", "quantization", "includeOptimizer", "warn", "overwrite"]);
  const { format: name, overwrite = true, ...settings } = options;
  const path = pathOf(target).replaceAll("\\", "/");
  const format = formatFor(path, name);
  checkWritten(format, settings);
  const written = await format.write!(model, settings);
  if (written instanceof Uint8Array) {
    await writePaths([{ path, bytes: written }], overwrite);
    return;
  }
  const named = path.endsWith(".json");
  const folder = named ? path.slice(0, Math.max(0, path.lastIndexOf("/") + 1)) : `${path.replace(/\/$/, "")}/`;
  const index = named ? path : `${folder}model.json`;
  const { "model.json": json, ...weights } = written;
  const replaced = await readIfThere(index);
  if (replaced !== undefined && !overwrite) {
    throw new ArgumentError(
      `${index} is there already, and overwrite is false; save to another place, or leave overwrite out`,
    );
  }
  // Weight files of other content have other names, so until model.json is replaced the old model is whole, then the new one is.
  await writePaths(Object.entries(weights).map(([file, bytes]) => ({ path: `${folder}${file}`, bytes })));
  await writePaths([{ path: index, bytes: json! }]);
  const left = listedFiles(replaced).filter((file) => !Object.hasOwn(written, file));
  await removeListed(index, left);
}
