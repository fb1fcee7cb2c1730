import { ModelFileError } from "@convoy/core";
import type { ModelFiles } from "../files/sources.js";
import { expectObject, isObject, parseJson } from "../json.js";
import { type KerasParts, kerasMajor } from "../keras/parts.js";
import { fillSlots, leavesOf, matchWeights, slotsOf } from "../keras/weights/assign.js";
import { fromTfjsTraining } from "./trainingConfig.js";
import { readManifest } from "./weightsManifest.js";

/** Takes a layers model of TensorFlow.js apart. Throws `ModelFileError` for graph models, which hold no layers. */
export async function openTfjs(files: ModelFiles): Promise<KerasParts> {
  const value = expectObject(files.name, parseJson(files.name, new TextDecoder().decode(files.main)));
  const { format, modelTopology, weightsManifest, generatedBy, convertedBy } = value;
  if (format === "graph-model" || (isObject(modelTopology) && modelTopology.node !== undefined)) {
    throw new ModelFileError(
      `${files.name} is a graph model of TensorFlow.js, made of operations and not of layers; convert it from the Keras model with ` +
        "tensorflowjs_converter --output_format tfjs_layers_model",
    );
  }
  const topology = expectObject(`${files.name}: modelTopology`, modelTopology);
  const version = topology.keras_version;
  const keras3 = typeof generatedBy === "string" && /keras v3\./.test(generatedBy);
  let size = files.main.length;
  const read = async (path: string, limit: number): Promise<Uint8Array> => {
    const bytes = await files.sibling(path, limit);
    size += bytes.length;
    return bytes;
  };
  const weights = weightsManifest === undefined ? undefined : await readManifest(weightsManifest, read);
  return {
    topology: isObject(topology.model_config) ? topology.model_config : topology,
    training: topology.training_config ?? fromTfjsTraining(value.trainingConfig),
    producer: [generatedBy, convertedBy, typeof version === "string" ? `keras_version ${version}` : undefined]
      .filter((part) => typeof part === "string")
      .join(", "),
    size,
    kerasMajor: keras3 ? 3 : kerasMajor(version),
    fill:
      weights === undefined
        ? undefined
        : async (layers) => {
            const slots = leavesOf(layers).flatMap(slotsOf);
            await fillSlots(slots, matchWeights(slots, weights, "weightsManifest"), "weightsManifest");
          },
  };
}
