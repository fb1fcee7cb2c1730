import { type Layer, Model, ModelFileError } from "@convoy/core";
import { type FileSource, type ModelFiles, openFiles } from "../files/sources.js";
import { isHdf5 } from "../hdf5/readHdf5.js";
import { expectList, expectObject, expectText, parseJson } from "../json.js";
import { openKeras } from "../keras/parts.js";
import type { FileLayer } from "../keras/topology/readTopology.js";
import { fillSlots, leavesOf, matchWeights, slotsOf } from "../keras/weights/assign.js";
import { readManifest } from "../tfjs/weightsManifest.js";
import { readStateDict } from "../torch/safetensors.js";
import { type LoadStateDictOptions, loadStateDict } from "../torch/stateDict.js";
import { isZip, ZipArchive } from "../zip.js";

/**
 * Loads trained weights into a network, whatever file they are in: Keras' `.h5`, `.weights.h5` or `.keras`, a model of TensorFlow.js, a
 * state dict of PyTorch or safetensors. Throws `ModelFileError`, or as `loadStateDict`, where they are those of another network.
 */
export async function loadTrainedWeights(
  model: Model,
  source: FileSource,
  options: LoadStateDictOptions = {},
): Promise<void> {
  const files = await openFiles(source);
  const { main, name } = files;
  if (isHdf5(main) || (isZip(main) && new ZipArchive(main).has("config.json"))) {
    const { fill } = await openKeras(files);
    if (fill === undefined) {
      throw new ModelFileError(`${name} holds layers, but no weights`);
    }
    await fill(namedLayers(model));
  } else if (/^\s*\{/.test(new TextDecoder().decode(main.subarray(0, 64)))) {
    await fillFromTfjs(files, namedLayers(model));
  } else {
    await loadStateDict(model, await readStateDict(main), options);
  }
}

/** The layers of a model with their names, as readers of Keras' files want them. */
function namedLayers(model: Model): FileLayer[] {
  const counts = new Map<string, number>();
  return model.layers.map((layer: Layer) => {
    const count = counts.get(layer.defaultName) ?? 0;
    counts.set(layer.defaultName, count + (layer.givenName === undefined ? 1 : 0));
    const name = layer.givenName ?? (count === 0 ? layer.defaultName : `${layer.defaultName}_${count}`);
    const inner = layer instanceof Model ? { layers: namedLayers(layer) } : {};
    return { name, className: layer.className, layer, trainable: layer.trainable, ...inner };
  });
}

/** Takes from the files of a TensorFlow.js model only those with weights that the layers want: not a classifier that is left out. */
async function fillFromTfjs(files: ModelFiles, layers: readonly FileLayer[]): Promise<void> {
  const { weightsManifest } = expectObject(files.name, parseJson(files.name, new TextDecoder().decode(files.main)));
  const slots = leavesOf(layers).flatMap(slotsOf);
  const names = new Set(slots.map(({ leaf }) => leaf.file.name));
  const groups = expectList("weightsManifest", weightsManifest).filter((group) => {
    const { weights } = expectObject("weightsManifest", group);
    return expectList("weightsManifest", weights).some((weight) => {
      const { name } = expectObject("weightsManifest", weight);
      return expectText("weightsManifest", name)
        .split("/")
        .some((part) => names.has(part));
    });
  });
  const weights = await readManifest(groups, (path) => files.sibling(path));
  await fillSlots(slots, matchWeights(slots, weights, files.name), files.name);
}
