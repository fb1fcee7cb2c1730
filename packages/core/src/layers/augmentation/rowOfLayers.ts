import { ArgumentError } from "../../errors.js";
import type { Shape } from "../../ops/definition.js";
import { inferLayer } from "../inference.js";
import { InputLayer } from "../inputLayer.js";
import type { Layer } from "../layer.js";
import { LayerWeights } from "../layerWeights.js";
import type { NumberedCall, NumberedCalls } from "../numberedCalls.js";

/**
 * Layers one after the other as calls, and the weights of those that have any. Throws `ArgumentError` for weights that are trained.
 * @param layers sequential models among them stand for their layers
 */
export function rowOfLayers(
  layers: readonly Layer[],
  sample: Shape,
): { readonly calls: NumberedCalls; readonly weights: ReadonlyMap<Layer, LayerWeights> } {
  const [first, ...others] = layers.flatMap(flattened);
  const declared = first instanceof InputLayer;
  const run = declared || first === undefined ? others : [first, ...others];
  const weights = new Map<Layer, LayerWeights>();
  let shape = sample;
  const calls = run.map((layer, index): NumberedCall => {
    const { parameters, outputShape } = inferLayer(layer, layer.label, [shape], []);
    if (parameters.some(({ trainable = true }) => trainable)) {
      throw new ArgumentError(
        `augment: layer ${layer.label} (${layer.className}) has weights that are trained; it belongs into a model`,
      );
    }
    weights.set(layer, layer.weights ?? new LayerWeights(parameters));
    shape = outputShape;
    const named = { layer, name: layer.label, path: layer.label };
    // As a sequential model numbers them, in which a declared input counts.
    return { layer: named, instance: index + (declared ? 1 : 0), inputs: [index], output: index + 1 };
  });
  const ends = { inputs: [{ tensor: 0, shape: sample }], outputs: [{ tensor: calls.length }] };
  return { calls: { ...ends, calls }, weights };
}

/** A sequential model's layers in its place. */
function flattened(layer: Layer): Layer[] {
  const inner = (layer as { readonly layers?: readonly Layer[] }).layers;
  if (inner === undefined) {
    return [layer];
  }
  if (layer.className !== "Sequential") {
    throw new ArgumentError(
      `augment: ${layer.label} is a model whose layers are not in a row; pass a list of layers or a sequential model`,
    );
  }
  return inner.flatMap(flattened);
}
