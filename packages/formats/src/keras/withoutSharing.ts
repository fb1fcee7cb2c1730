import { type Layer, type Model, modelFromTopology, modelTopology } from "@convoy/core";
import { layersOf } from "./modelTree.js";
import { flatten, sharesLayers } from "./topology/flatten.js";
import type { FileLayer } from "./topology/readTopology.js";

/**
 * The model itself, or where a layer stands in several of its models, or twice in a stack, an equal one without models within.
 * Keras and TensorFlow.js can call a layer several times in one functional model. Functional models that share layers they write,
 * but do not load: calls are numbered within each model, and looked up among those in all of them.
 */
export async function withoutSharing(model: Model): Promise<Model> {
  const topology = modelTopology(model);
  if (!sharesLayers(topology.config)) {
    return model;
  }
  const flat = flatten(topology);
  const copy = modelFromTopology(flat.topology) as Model;
  const layers = new Map<string, Layer>();
  note(layersOf(model), [], layers);
  for (const { path, name } of flat.layers) {
    const layer = layers.get(JSON.stringify(path));
    if ((layer?.weights?.parameters.length ?? 0) > 0) {
      await copy.getLayer(name).setWeights(await layer!.getWeights());
    }
  }
  return copy;
}

/** Layers by the names of the models around them and their own. */
function note(files: readonly FileLayer[], path: readonly string[], layers: Map<string, Layer>): void {
  for (const { name, layer, layers: inner } of files) {
    layers.set(JSON.stringify([...path, name]), layer);
    note(inner ?? [], [...path, name], layers);
  }
}
