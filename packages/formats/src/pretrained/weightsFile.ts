import { type Model, ModelFileError } from "@convoy/core";
import { type FileSource, type ModelFiles, openFiles } from "../files/sources.js";
import { formatOf } from "../formats.js";
import { expectList, expectObject, expectText, parseJson } from "../json.js";
import { layersOf } from "../keras/modelTree.js";
import type { FileLayer } from "../keras/topology/readTopology.js";
import { fillSlots, leavesOf, matchWeights, slotsOf } from "../keras/weights/assign.js";
import { readManifest } from "../tfjs/weightsManifest.js";

/**
 * Loads trained weights into a network, whatever file they are in, as `loadWeights` does; of a TensorFlow.js model only the files
 * with weights that the network has. Throws `ModelFileError`, or as `loadStateDict`, where they are those of another network.
 */
export async function loadTrainedWeights(model: Model, source: FileSource): Promise<void> {
  const files = await openFiles(source);
  const { name, title, readWeights, weightsElsewhere } = await formatOf(files);
  if (name === "tfjs") {
    await fillFromTfjs(files, layersOf(model));
  } else if (readWeights === undefined) {
    throw new ModelFileError(`${files.name} is of the format ${title}: ${weightsElsewhere}`);
  } else {
    await readWeights(files, layersOf(model));
  }
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
  const weights = await readManifest(groups, (path, limit) => files.sibling(path, limit));
  await fillSlots(slots, matchWeights(slots, weights, files.name), files.name);
}
