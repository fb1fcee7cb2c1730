import { expectRange } from "../checkOption.js";
import { commonFields, type LayerOptions } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";
import { expectImages, layerOptions } from "./options.js";

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
  layerOptions("dropout", options, ["rate"], ["rate"]);
  const rate = expectRange("dropout: rate", options.rate, 0, 1);
  return defineLayer({
    className: "Dropout",
    defaultName: "dropout",
    ...commonFields(options),
    config: { rate },
    parameters: () => [],
    apply: ({ graph, input, training, instance }) =>
      training && rate > 0 ? graph.apply("dropout", [input], { rate, instance })[0]! : input,
  });
}

/** Like `dropout`, but whole channels of images [N,H,W,C] are set to 0. Keras' `SpatialDropout2D`. Throws like `dropout`. */
export function spatialDropout2d(options: DropoutOptions): Layer {
  layerOptions("spatialDropout2d", options, ["rate"], ["rate"]);
  const rate = expectRange("spatialDropout2d: rate", options.rate, 0, 1);
  return defineLayer({
    className: "SpatialDropout2D",
    defaultName: "spatial_dropout2d",
    ...commonFields(options),
    config: { rate },
    parameters: () => [],
    apply({ graph, input, training, instance }) {
      expectImages("spatialDropout2d", input.shape.slice(1));
      return training && rate > 0 ? graph.apply("channelDropout", [input], { rate, instance })[0]! : input;
    },
  });
}

export interface GaussianNoiseOptions extends LayerOptions {
  /** Standard deviation of the noise, at least 0. */
  readonly stddev: number;
}

/** Adds normal noise of mean 0 in training; does nothing otherwise. Keras' `GaussianNoise`. */
export function gaussianNoise(options: GaussianNoiseOptions): Layer {
  layerOptions("gaussianNoise", options, ["stddev"], ["stddev"]);
  const stddev = expectRange("gaussianNoise: stddev", options.stddev, 0, Infinity);
  return defineLayer({
    className: "GaussianNoise",
    defaultName: "gaussian_noise",
    ...commonFields(options),
    config: { stddev },
    parameters: () => [],
    apply: ({ graph, input, training, instance }) =>
      training && stddev > 0 ? graph.apply("gaussianNoise", [input], { stddev, instance })[0]! : input,
  });
}

/**
 * Multiplies by normal numbers of mean 1 and variance rate / (1 - rate) in training; does nothing otherwise. Keras'
 * `GaussianDropout`. Throws like `dropout`.
 */
export function gaussianDropout(options: DropoutOptions): Layer {
  layerOptions("gaussianDropout", options, ["rate"], ["rate"]);
  const rate = expectRange("gaussianDropout: rate", options.rate, 0, 1);
  const stddev = Math.sqrt(rate / (1 - rate));
  return defineLayer({
    className: "GaussianDropout",
    defaultName: "gaussian_dropout",
    ...commonFields(options),
    config: { rate },
    parameters: () => [],
    apply: ({ graph, input, training, instance }) =>
      training && rate > 0 ? graph.apply("gaussianDropout", [input], { stddev, instance })[0]! : input,
  });
}

export interface ActivityRegularizationOptions extends LayerOptions {
  /** Factor of the sum of absolute values; default 0. */
  readonly l1?: number;
  /** Factor of the sum of squares; default 0. */
  readonly l2?: number;
}

/**
 * Gives its input on and adds to the loss, for each sample, the sum of `l1 |x| + l2 x^2` over its numbers; the mean over the
 * samples counts. Keras' `ActivityRegularization`, as Keras 2 scales it: independent of the batch size.
 */
export function activityRegularization(options: ActivityRegularizationOptions = {}): Layer {
  layerOptions("activityRegularization", options, ["l1", "l2"]);
  const l1 = expectRange("activityRegularization: l1", options.l1 ?? 0, 0, Infinity);
  const l2 = expectRange("activityRegularization: l2", options.l2 ?? 0, 0, Infinity);
  return defineLayer({
    className: "ActivityRegularization",
    defaultName: "activity_regularization",
    ...commonFields(options),
    config: { l1, l2 },
    addsLoss: true,
    parameters: () => [],
    apply({ graph, input, addLoss }) {
      addLoss(graph.apply("penalty", [input], { l1, l2, scale: 1 })[0]!);
      return input;
    },
  });
}
