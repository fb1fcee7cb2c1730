import { ArgumentError } from "../../errors.js";
import { lastAxis } from "../../ops/checks.js";
import type { Value } from "../../ops/definition.js";
import type { RandomStream } from "../../random/index.js";
import type { LayerContext, LayerOptions } from "../definition.js";
import type { Layer } from "../layer.js";
import { layerOptions, type Pair, toPair } from "../options.js";
import { applies, type ValueRangeOptions } from "./colors.js";
import { changingLayer } from "./drawing.js";
import type { ImageSize } from "./matrices.js";
import { drawFrom } from "./moving.js";
import { type Factor, type Range, toRange, toValueRange } from "./ranges.js";

/** Places in a row of `boxes`. */
export type Box = readonly [top: number, left: number, bottom: number, right: number];

/** A box whose sides are shares of the image's, anywhere within it: the pixels that lie in it. */
export function drawBox(stream: RandomStream, [height, width]: ImageSize, [rows, columns]: ImageSize): Box {
  const along = (length: number, share: number): readonly [number, number] => {
    const size = share * length;
    const start = stream.uniform() * (length - size);
    return [Math.ceil(start), Math.ceil(start + size)];
  };
  const [left, right] = along(width, columns);
  const [top, bottom] = along(height, rows);
  return [top, left, bottom, right];
}

export interface RandomErasingOptions extends LayerOptions, ValueRangeOptions {
  /** The probability of being erased, drawn for each image from this range, a number f standing for [0, f]; default 1. */
  readonly factor?: Factor;
  /** Range of the squared share of each side that is erased; default [0.02, 0.33]. */
  readonly scale?: Factor;
  /** What the box is filled with, for all channels or one number each; null (default) for noise. */
  readonly fillValue?: number | readonly number[] | null;
}

/**
 * Fills a box of some of the images [N,H,W,C] with a value or with normal noise within the value range (Zhong et al., "Random erasing
 * data augmentation", 2017). Acts in training only. Keras' `RandomErasing`.
 */
export function randomErasing(options: RandomErasingOptions = {}): Layer {
  layerOptions("randomErasing", options, ["factor", "scale", "fillValue", "valueRange"]);
  const factor = toRange("randomErasing: factor", options.factor ?? 1, [0, 1]);
  const scale = toRange("randomErasing: scale", options.scale ?? [0.02, 0.33], [0, 1]);
  const range = toValueRange("randomErasing: valueRange", options.valueRange);
  const { fillValue = null } = options;
  const values = fillValue === null ? undefined : [fillValue].flat();
  if (values?.some((value) => !Number.isFinite(value))) {
    throw new ArgumentError(
      `randomErasing: fillValue is ${fillValue}, expected a finite number, one for each channel, or null`,
    );
  }
  return changingLayer({
    className: "RandomErasing",
    defaultName: "random_erasing",
    options,
    config: {
      factor: [...factor],
      scale: [...scale],
      fillValue: fillValue === null ? null : [...(values ?? [])],
      valueRange: [...range],
    },
    draws([height, width, channels]) {
      return {
        tensors: [
          { name: "boxes", dtype: "int32", shape: [4] },
          ...(values ? [] : [{ name: "factors", dtype: "float32", shape: [2 * channels!] } as const]),
        ],
        draw(stream, rows) {
          const boxes = Array.from({ length: rows }, () => {
            const sides = [Math.sqrt(drawFrom(stream, scale)), Math.sqrt(drawFrom(stream, scale))] as const;
            const box = drawBox(stream, [height!, width!], sides);
            return applies(stream, factor) ? box : [0, 0, 0, 0];
          });
          const noise = [...Array(channels).fill(range[1]), ...Array(channels).fill(0)];
          return [boxes.flat(), ...(values ? [] : [Array.from({ length: rows }, () => noise).flat()])];
        },
      };
    },
    change(context) {
      const { graph, input, drawn } = context;
      const given = values && boundedValues(values, lastAxis(input.shape), range);
      const fill = given ? [] : [noise(context, range)];
      return graph.apply("fillBoxes", [input, drawn("boxes"), ...fill], { values: given ?? [] })[0]!;
    },
  });
}

/** One for each channel. */
function boundedValues(values: readonly number[], channels: number, [low, high]: Range): number[] {
  if (values.length !== 1 && values.length !== channels) {
    throw new ArgumentError(
      `randomErasing: fillValue has ${values.length} numbers, the images have ${channels} channels`,
    );
  }
  return Array.from({ length: channels }, (_, c) => Math.min(Math.max(values[c % values.length]!, low), high));
}

/** Normal noise as large as the highest value, within the range. */
function noise({ graph, input, drawn, instance }: LayerContext, [low, high]: Range): Value {
  const [zeros] = graph.apply("affine", [input], { scale: 0, offset: 0 });
  const [normal] = graph.apply("gaussianNoise", [zeros!], { stddev: 1, instance });
  return graph.apply("scaleChannels", [normal!, drawn("factors")], { low, high })[0]!;
}

export interface RandomGaussianBlurOptions extends LayerOptions {
  /** The probability of being blurred, drawn for each image from this range, a number f standing for [0, f]; default 1. */
  readonly factor?: Factor;
  /** Odd number of pixels that each is a mean of, along both axes or [height, width]; default 3. */
  readonly kernelSize?: Pair;
  /** Range of the standard deviation in pixels, drawn for each axis; a number s from 0 to 1 stands for [0, s]; default 1. */
  readonly sigma?: Factor;
  /** As of Keras; the means of pixels do not leave it. */
  readonly valueRange?: Range;
}

/** Weights of a normal distribution, which add up to 1. */
function gaussianKernel(size: number, deviation: number): number[] {
  const weights = Array.from({ length: size }, (_, index) =>
    Math.exp(-((index - (size - 1) / 2) ** 2) / (2 * deviation ** 2)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** The pixel alone. */
function unitKernel(size: number): number[] {
  return Array.from({ length: size }, (_, index) => (index === (size - 1) / 2 ? 1 : 0));
}

/**
 * Blurs some of the images [N,H,W,C] by a normal distribution, 0 beyond the edges. Acts in training only. Keras' `RandomGaussianBlur`,
 * where all images of a batch have one deviation.
 */
export function randomGaussianBlur(options: RandomGaussianBlurOptions = {}): Layer {
  layerOptions("randomGaussianBlur", options, ["factor", "kernelSize", "sigma", "valueRange"]);
  const factor = toRange("randomGaussianBlur: factor", options.factor ?? 1, [0, 1]);
  const kernelSize = toPair("randomGaussianBlur: kernelSize", options.kernelSize ?? 3);
  const sigma = toRange("randomGaussianBlur: sigma", options.sigma ?? 1, [0, Infinity]);
  const range = toValueRange("randomGaussianBlur: valueRange", options.valueRange);
  if (kernelSize.some((size) => size % 2 === 0)) {
    throw new ArgumentError(`randomGaussianBlur: kernelSize is ${kernelSize.join(" x ")}, expected odd numbers`);
  }
  const [rows, columns] = kernelSize;
  return changingLayer({
    className: "RandomGaussianBlur",
    defaultName: "random_gaussian_blur",
    options,
    config: { factor: [...factor], kernelSize, sigma: [...sigma], valueRange: [...range] },
    draws: () => ({
      tensors: [
        { name: "down", dtype: "float32", shape: [rows] },
        { name: "across", dtype: "float32", shape: [columns] },
      ],
      draw(stream, count) {
        const kernels = Array.from({ length: count }, () => {
          const blurred = applies(stream, factor);
          return [rows, columns].map((size) => {
            const deviation = drawFrom(stream, sigma) + 1e-6;
            return blurred ? gaussianKernel(size, deviation) : unitKernel(size);
          });
        });
        return [0, 1].map((axis) => kernels.flatMap((pair) => pair[axis]!));
      },
    }),
    change({ graph, input, drawn }) {
      const [down] = graph.apply("filterAxis", [input, drawn("down")], { axis: 1 });
      return graph.apply("filterAxis", [down!, drawn("across")], { axis: 2 })[0]!;
    },
  });
}
