import { type Activation, resolveActivation } from "./activationFunction.js";
import { commonFields, type LayerOptions } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";

export interface ActivationOptions extends LayerOptions {
  readonly activation: Activation;
}

/** An activation as a layer of its own. Keras' `Activation`. Throws `ArgumentError` for an unknown name. */
export function activation(options: ActivationOptions): Layer {
  const activate = resolveActivation(options.activation);
  return defineLayer({
    className: "Activation",
    defaultName: "activation",
    ...commonFields(options),
    parameters: () => [],
    apply: ({ graph, input }) => activate(graph, input),
  });
}
