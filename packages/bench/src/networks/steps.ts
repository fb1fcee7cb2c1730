import { type Model, modelTopology } from "@convoy/core";

/** A layer's call: what another library needs to do the same. */
export interface NetworkStep {
  readonly className: string;
  readonly name: string;
  /** Names of the steps whose results it takes; empty for the images. */
  readonly inputs: readonly string[];
  /** Convoy's options, which are Keras' in camel case. */
  readonly config: Readonly<Record<string, unknown>>;
  /** How many of the model's weights, in order, are its own. */
  readonly weights: number;
}

/** The calls of a model with one input and one output, the images first; every layer is called once. */
export function networkSteps(model: Model): NetworkStep[] {
  const { className, config } = modelTopology(model);
  const layers = config.layers.map(({ name, className: kind, config: options = {} }) => {
    const step = { className: kind, name, config: options as Record<string, unknown> };
    return { ...step, weights: weightCount(kind, step.config) };
  });
  if (className === "Sequential") {
    const images = "images";
    const input = {
      className: "InputLayer",
      name: images,
      inputs: [],
      config: { shape: (config as { readonly inputShape: readonly number[] }).inputShape },
      weights: 0,
    };
    return [input, ...layers.map((layer, index) => ({ ...layer, inputs: [layers[index - 1]?.name ?? images] }))];
  }
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  return config.calls.map(({ layer, inputs }) => ({
    ...(byName.get(layer) as (typeof layers)[number]),
    inputs: inputs.map(([from]) => from),
  }));
}

function weightCount(className: string, { useBias, center, scale }: Readonly<Record<string, unknown>>): number {
  if (["Conv2D", "Dense", "DepthwiseConv2D"].includes(className)) {
    return useBias === false ? 1 : 2;
  }
  return className === "BatchNormalization" ? 2 + Number(center !== false) + Number(scale !== false) : 0;
}
