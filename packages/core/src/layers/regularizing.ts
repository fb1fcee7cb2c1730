import { expectRange } from "../checkOption.js";
import { commonFields, type LayerOptions } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";

export interface DropoutOptions extends LayerOptions {
  /** Share of the numbers set to 0 in training, in [0, 1). */
  readonly rate: number;
}

/**
 * Sets a random share of the numbers to 0 in training and scales the others by 1 / (1 - rate); does nothing otherwise
 * (Srivastava et al., 2014; Keras' `Dropout`). The mask is a pure function of (seed, layer, step, position), the same on
 * every backend. Throws `ArgumentError` for a rate outside [0, 1).
 */
export function dropout(options: DropoutOptions): Layer {
  const rate = expectRange("dropout: rate", options.rate, 0, 1);
  return defineLayer({
    className: "Dropout",
    defaultName: "dropout",
    ...commonFields(options),
    parameters: () => [],
    apply: ({ graph, input, training, instance }) =>
      training && rate > 0 ? graph.apply("dropout", [input], { rate, instance })[0]! : input,
  });
}
