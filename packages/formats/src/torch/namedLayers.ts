import { type Layer, Model } from "@convoy/core";

/** A layer with weights and its name; within nested models with theirs before it: "base.conv2d_1". */
export interface NamedLayer {
  readonly name: string;
  readonly layer: Layer;
}

/** The layers of a model that have weights, in Keras' order, those of nested models in their place, shared ones once. */
export function layersWithWeights(model: Model<unknown>): NamedLayer[] {
  const found = new Map<Layer, string>();
  collect(model, "", found);
  return [...found].map(([layer, name]) => ({ name, layer }));
}

function collect(model: Model<unknown>, prefix: string, found: Map<Layer, string>): void {
  const counts = new Map<string, number>();
  for (const layer of model.layers) {
    const count = counts.get(layer.defaultName) ?? 0;
    // Keras' names, counted within the model.
    const name = layer.givenName ?? (count === 0 ? layer.defaultName : `${layer.defaultName}_${count}`);
    if (layer.givenName === undefined) {
      counts.set(layer.defaultName, count + 1);
    }
    if (layer instanceof Model) {
      collect(layer, `${prefix}${name}.`, found);
    } else if ((layer.weights?.parameters.length ?? 0) > 0 && !found.has(layer)) {
      found.set(layer, `${prefix}${name}`);
    }
  }
}
