import { type Model, ModelFileError } from "@convoy/core";
import { checkNames } from "./checkNames.js";
import { type FileSource, openFiles } from "./files/sources.js";
import { formatOf, readAs } from "./formats.js";
import { layersOf } from "./keras/modelTree.js";
import { type LoadOptions, loadOptionNames } from "./options.js";

/**
 * Reads a model of any format that is known, which its first bytes say, not its name: Keras 1, 2 and 3, TensorFlow.js,
 * ONNX, and Convoy's own. Files of PyTorch and of safetensors' other writers hold weights without layers: `loadWeights` takes them.
 * Nothing in a file is run as code, and sizes are checked before memory is taken. Throws `ModelFileError` that says what cannot be
 * read and where, with the remedy, and `ArgumentError` for options that the format of the file has no use for.
 */
export async function loadModel(source: FileSource, options: LoadOptions = {}): Promise<Model> {
  checkNames("loadModel", options, loadOptionNames);
  const files = await openFiles(source);
  return await readAs(await formatOf(files), files, options);
}

/**
 * Takes the weights of a file into a model that is there: whole models and files of weights alone of Keras 1, 2 and 3, those
 * of TensorFlow.js, and state dicts of PyTorch (`.pt`, `.pth`, safetensors). Layers are found by their names, or where those differ
 * by their order. Keras' `load_weights`. Convoy's own files are for `model.loadWeights`, ONNX is read whole by `loadModel`. Throws
 * `ModelFileError` for those, and where the file is of another model; the model may then have some of its weights.
 */
export async function loadWeights(model: Model, source: FileSource): Promise<void> {
  const files = await openFiles(source);
  const format = await formatOf(files);
  if (format.readWeights === undefined) {
    throw new ModelFileError(`${files.name} is of the format ${format.title}: ${format.weightsElsewhere}`);
  }
  await format.readWeights(files, layersOf(model));
}
