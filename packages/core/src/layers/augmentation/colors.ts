import { ShapeError } from "../../errors.js";
import { lastAxis } from "../../ops/checks.js";
import type { Shape, Value } from "../../ops/definition.js";
import { spatial } from "../../ops/window.js";
import type { RandomStream } from "../../random/index.js";
import type { LayerContext, LayerDraws, LayerOptions } from "../definition.js";
import type { Layer } from "../layer.js";
import { layerOptions } from "../options.js";
import { changingLayer } from "./drawing.js";
import { drawFrom } from "./moving.js";
import { type Factor, type Range, toRange, toValueRange } from "./ranges.js";

/** Options of layers that change colours. */
export interface ValueRangeOptions {
  /** The lowest and the highest value of the pixels as they come in; default [0, 255]. Images with scale 1/255 have [0, 1]. */
  readonly valueRange?: Range;
}

/** One factor and one offset a sample, the same for all channels. */
export function channelDraws(draw: (stream: RandomStream) => readonly [scale: number, offset: number]) {
  return (inputShape: Shape): LayerDraws => {
    const channels = lastAxis(inputShape);
    return {
      tensors: [{ name: "factors", dtype: "float32", shape: [2 * channels] }],
      draw(stream, rows) {
        const factors = new Float64Array(rows * 2 * channels);
        for (let row = 0; row < rows; row++) {
          const [scale, offset] = draw(stream);
          factors.fill(scale, 2 * row * channels, (2 * row + 1) * channels);
          factors.fill(offset, (2 * row + 1) * channels, (2 * row + 2) * channels);
        }
        return [factors];
      },
    };
  };
}

/** Bounds that no number of a network reaches. */
export const unbounded: Range = [-3e38, 3e38];

/** Scales and shifts the channels by what was drawn. */
export function scaledChannels({ graph, input, drawn }: LayerContext, [low, high]: Range): Value {
  return graph.apply("scaleChannels", [input, drawn("factors")], { low, high })[0]!;
}

export interface RandomBrightnessOptions extends LayerOptions, ValueRangeOptions {
  /** As a share of the value range, from -1 to 1: 0.2 is up to 20% of it darker or brighter. */
  readonly factor: Factor;
}

/** Makes images [N,H,W,C] darker or brighter, within the value range. Acts in training only. Keras' `RandomBrightness`. */
export function randomBrightness(options: RandomBrightnessOptions): Layer {
  layerOptions("randomBrightness", options, ["factor", "valueRange"], ["factor"]);
  const factor = toRange("randomBrightness: factor", options.factor, [-1, 1]);
  const range = toValueRange("randomBrightness: valueRange", options.valueRange);
  return changingLayer({
    className: "RandomBrightness",
    defaultName: "random_brightness",
    options,
    config: { factor: [...factor], valueRange: [...range] },
    draws: channelDraws((stream) => [1, drawFrom(stream, factor) * (range[1] - range[0])]),
    change: (context) => scaledChannels(context, range),
  });
}

/** Whether something is done to a sample: with a probability that is drawn from `factor` itself, as in Keras. */
export function applies(stream: RandomStream, factor: Range): boolean {
  const probability = drawFrom(stream, factor);
  return stream.uniform() < probability;
}

export interface RandomInvertOptions extends LayerOptions, ValueRangeOptions {
  /** The probability of being inverted, drawn for each image from this range, a number f standing for [0, f]; default 1. */
  readonly factor?: Factor;
}

/** Turns the pixels x of some of the images [N,H,W,C] into high - x. Acts in training only. Keras' `RandomInvert`. */
export function randomInvert(options: RandomInvertOptions = {}): Layer {
  layerOptions("randomInvert", options, ["factor", "valueRange"]);
  const factor = toRange("randomInvert: factor", options.factor ?? 1, [0, 1]);
  const range = toValueRange("randomInvert: valueRange", options.valueRange);
  return changingLayer({
    className: "RandomInvert",
    defaultName: "random_invert",
    options,
    config: { factor: [...factor], valueRange: [...range] },
    draws: channelDraws((stream) => (applies(stream, factor) ? [-1, range[1]] : [1, 0])),
    change: (context) => scaledChannels(context, unbounded),
  });
}

export interface RandomContrastOptions extends LayerOptions, ValueRangeOptions {
  /** From 0 to 1: f is a factor from 1 - f to 1 + f, [l, u] one from 1 - l to 1 + u. */
  readonly factor: Factor;
}

/**
 * Moves the pixels of images [N,H,W,C] away from or towards the mean m of their channel, (x - m) factor + m within the value range.
 * Acts in training only. Keras' `RandomContrast` as its documentation has it: a number f means factors from 1 - f to 1 + f, where
 * Keras 3 itself draws from 1 to 1 + f. Throws `ArgumentError` for factors beyond 0 to 1.
 */
export function randomContrast(options: RandomContrastOptions): Layer {
  layerOptions("randomContrast", options, ["factor", "valueRange"], ["factor"]);
  const given = options.factor;
  toRange("randomContrast: factor", given, [0, 1]);
  // The two numbers are no range but how far it goes to either side.
  const pair = typeof given === "number" ? ([given, given] as const) : given;
  const [low, high] = toValueRange("randomContrast: valueRange", options.valueRange);
  return changingLayer({
    className: "RandomContrast",
    defaultName: "random_contrast",
    options,
    config: { factor: [...pair], valueRange: [low, high] },
    draws: () => ({
      tensors: [{ name: "factors", dtype: "float32", shape: [] }],
      draw: (stream, rows) => [Float64Array.from({ length: rows }, () => drawFrom(stream, [1 - pair[0], 1 + pair[1]]))],
    }),
    change({ graph, input, drawn }) {
      const poolSize = spatial(input.shape);
      const window = { poolSize, strides: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
      const [means] = graph.apply("averagePool2d", [input], window);
      return graph.apply("adjustContrast", [input, means!, drawn("factors")], { low, high })[0]!;
    },
  });
}

/** One turn of the hue and one factor of the saturation a sample. */
function hsvDraws(what: string, draw: (stream: RandomStream) => readonly [turn: number, saturation: number]) {
  return (inputShape: Shape): LayerDraws => {
    if (lastAxis(inputShape) !== 3) {
      throw new ShapeError(`${what} expects RGB images, 3 channels, got ${lastAxis(inputShape)}`);
    }
    return {
      tensors: [{ name: "factors", dtype: "float32", shape: [2] }],
      draw: (stream, rows) => [Float64Array.from(Array.from({ length: rows }, () => draw(stream)).flat())],
    };
  };
}

function adjustedHsv({ graph, input, drawn }: LayerContext, [low, high]: Range): Value {
  return graph.apply("adjustHsv", [input, drawn("factors")], { low, high })[0]!;
}

export interface RandomHueOptions extends LayerOptions, ValueRangeOptions {
  /** From 0 to 1, in half turns of the colour wheel: 0.5 is up to a fourth of it to either side. */
  readonly factor: Factor;
}

/** Turns the hues of RGB images [N,H,W,3] along the colour wheel. Acts in training only. Keras' `RandomHue`. */
export function randomHue(options: RandomHueOptions): Layer {
  layerOptions("randomHue", options, ["factor", "valueRange"], ["factor"]);
  const factor = toRange("randomHue: factor", options.factor, [0, 1]);
  const range = toValueRange("randomHue: valueRange", options.valueRange);
  return changingLayer({
    className: "RandomHue",
    defaultName: "random_hue",
    options,
    config: { factor: [...factor], valueRange: [...range] },
    draws: hsvDraws("randomHue", (stream) => {
      const side = stream.uniform() > 0.5 ? -1 : 1;
      return [(side * drawFrom(stream, factor)) / 2, 1];
    }),
    change: (context) => adjustedHsv(context, range),
  });
}

export interface RandomSaturationOptions extends LayerOptions, ValueRangeOptions {
  /** From 0, grey, over 0.5, as it is, to 1, full saturation; a number f stands for [0, f]. */
  readonly factor: Factor;
}

/**
 * Makes the colours of RGB images [N,H,W,3] weaker or stronger: f from the range multiplies the saturation by f / (1 - f). Acts in
 * training only. Keras' `RandomSaturation`, except that the saturation ends at 1, full saturation, where Keras clips it to the value
 * range; `valueRange` is what pixels are scaled by to 0 to 1 and back.
 */
export function randomSaturation(options: RandomSaturationOptions): Layer {
  layerOptions("randomSaturation", options, ["factor", "valueRange"], ["factor"]);
  const factor = toRange("randomSaturation: factor", options.factor, [0, 1]);
  const range = toValueRange("randomSaturation: valueRange", options.valueRange);
  return changingLayer({
    className: "RandomSaturation",
    defaultName: "random_saturation",
    options,
    config: { factor: [...factor], valueRange: [...range] },
    draws: hsvDraws("randomSaturation", (stream) => {
      const drawn = drawFrom(stream, factor);
      return [0, drawn / (1 - drawn + 1e-7)];
    }),
    change: (context) => adjustedHsv(context, range),
  });
}
