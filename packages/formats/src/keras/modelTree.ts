import { type Layer, Model } from "@convoy/core";
import type { FileLayer } from "./topology/readTopology.js";

/** The layers of a model as files list them: by the names that they have there, models within with theirs. */
export function layersOf(model: Model): FileLayer[] {
  const counts = new Map<string, number>();
  return model.layers.map((layer) => {
    const name = nameIn(layer, counts);
    const nested = layer instanceof Model ? { layers: layersOf(layer as Model) } : {};
    return { name, className: layer.className, layer, trainable: layer.trainable, ...nested };
  });
}

/** Its own name, or Keras' for its class, counted within the model. */
function nameIn(layer: Layer, counts: Map<string, number>): string {
  if (layer.givenName !== undefined) {
    return layer.givenName;
  }
  const count = counts.get(layer.defaultName) ?? 0;
  counts.set(layer.defaultName, count + 1);
  return count === 0 ? layer.defaultName : `${layer.defaultName}_${count}`;
}
