import { ArgumentError } from "../errors.js";
import { channelDraws, scaledChannels, unbounded } from "../layers/augmentation/colors.js";
import { changingLayer } from "../layers/augmentation/drawing.js";
import { aboutCentre, translation } from "../layers/augmentation/matrices.js";
import { movingLayer } from "../layers/augmentation/moving.js";
import { type Range, type SamplingOptions, toSampling, toValueRange } from "../layers/augmentation/ranges.js";
import * as layers from "../layers/index.js";
import type { Layer } from "../layers/layer.js";
import type { RandomStream } from "../random/index.js";
import type { ImageDataGeneratorOptions } from "./generatorOptions.js";

/** A layer with what it is called in the list that a generator prints. */
export interface NamedLayer {
  readonly name: string;
  readonly layer: Layer;
}

/** Of each channel, as a model sees it. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/**
 * The layers that do what Keras' generator does, in its order: turn, shift, shear and zoom in one resampling, flip, change colours,
 * rescale, standardize.
 */
export function generatorLayers(
  options: ImageDataGeneratorOptions,
  statistics: ChannelStatistics | undefined,
): NamedLayer[] {
  return [...movingLayers(options), ...colourLayers(options), ...standardizingLayers(options, statistics)];
}

function movingLayers(options: ImageDataGeneratorOptions): NamedLayer[] {
  const { rotationRange = 0, shearRange = 0, horizontalFlip = false, verticalFlip = false } = options;
  const { fillMode = "nearest", cval = 0, interpolationOrder = 1 } = options;
  if (interpolationOrder !== 0 && interpolationOrder !== 1) {
    throw new ArgumentError(`imageDataGenerator: interpolationOrder is ${interpolationOrder}, expected 0 or 1`);
  }
  const sampling: SamplingOptions = {
    fillMode,
    fillValue: cval,
    interpolation: interpolationOrder === 0 ? "nearest" : "bilinear",
  };
  const filled = fillMode === "constant" ? `, fillMode: "constant", fillValue: ${cval}` : `, fillMode: "${fillMode}"`;
  const read = `${filled}${interpolationOrder === 0 ? ', interpolation: "nearest"' : ""}`;
  const found: NamedLayer[] = [];
  if (finite("rotationRange", rotationRange) > 0) {
    const factor = rotationRange / 360;
    const name = `layers.randomRotation({ factor: ${rounded(factor)}${read} })`;
    found.push({ name, layer: layers.randomRotation({ factor, ...sampling }) });
  }
  found.push(...shiftLayers(options, sampling, read));
  if (finite("shearRange", shearRange) > 0) {
    found.push({ name: `a shear by up to ${shearRange} degrees about the centre`, layer: shear(shearRange, sampling) });
  }
  found.push(...zoomLayers(options, sampling, read));
  if (horizontalFlip || verticalFlip) {
    const mode = horizontalFlip && verticalFlip ? "horizontalAndVertical" : horizontalFlip ? "horizontal" : "vertical";
    found.push({ name: `layers.randomFlip({ mode: "${mode}" })`, layer: layers.randomFlip({ mode }) });
  }
  return found;
}

function shiftLayers(options: ImageDataGeneratorOptions, sampling: SamplingOptions, read: string): NamedLayer[] {
  const { widthShiftRange: across = 0, heightShiftRange: down = 0 } = options;
  if (across === 0 && down === 0) {
    return [];
  }
  if (isShare(across) && isShare(down)) {
    const factors = `heightFactor: ${down}, widthFactor: ${across}`;
    const layer = layers.randomTranslation({ heightFactor: down, widthFactor: across, ...sampling });
    return [{ name: `layers.randomTranslation({ ${factors}${read} })`, layer }];
  }
  const draws = { down: shiftDraw("heightShiftRange", down), across: shiftDraw("widthShiftRange", across) };
  const layer = movingLayer({
    className: "RandomTranslation",
    defaultName: "random_translation",
    options: {},
    config: {},
    sampling: toSampling("imageDataGenerator", sampling),
    draw(stream, [height, width]) {
      const rows = draws.down(stream, height);
      return translation(draws.across(stream, width), rows);
    },
  });
  return [{ name: `a shift by ${shiftName(down)} down or up, ${shiftName(across)} to the left or right`, layer }];
}

function isShare(range: number | readonly number[]): range is number {
  return typeof range === "number" && range < 1;
}

/** Of a number of pixels Keras takes a whole one below it, of a list one of its numbers, to either side. */
function shiftDraw(what: string, range: number | readonly number[]): (stream: RandomStream, size: number) => number {
  if (typeof range === "number") {
    finite(what, range);
  } else if (range.length === 0 || !range.every(Number.isFinite)) {
    throw new ArgumentError(`imageDataGenerator: ${what} is [${range.join(", ")}], expected some finite numbers`);
  }
  if (isShare(range)) {
    return (stream, size) => stream.uniformBetween(-range, range) * size;
  }
  const all = typeof range === "number" ? Array.from({ length: Math.floor(range) }, (_, pixels) => pixels) : range;
  const isShares = Math.max(...all.map(Math.abs)) < 1 && typeof range !== "number";
  return (stream, size) => {
    const pixels = all[stream.integerBelow(all.length)]! * (isShares ? size : 1);
    return stream.uniform() < 0.5 ? -pixels : pixels;
  };
}

function shiftName(range: number | readonly number[]): string {
  if (typeof range !== "number") {
    return `one of ${range.join(", ")} pixels`;
  }
  return range < 1 ? `up to ${range} of the size` : `less than ${range} pixels`;
}

/** As in Keras, columns are sheared against rows, which become narrower by the angle's cosine. */
function shear(degrees: number, sampling: SamplingOptions): Layer {
  return movingLayer({
    className: "RandomShear",
    defaultName: "random_shear",
    options: {},
    config: {},
    sampling: toSampling("imageDataGenerator", sampling),
    draw(stream, size) {
      const angle = (stream.uniformBetween(-degrees, degrees) * Math.PI) / 180;
      return aboutCentre(size, [Math.cos(angle), 0, -Math.sin(angle), 1]);
    },
  });
}

function zoomLayers(
  { zoomRange = 0 }: ImageDataGeneratorOptions,
  sampling: SamplingOptions,
  read: string,
): NamedLayer[] {
  const given: readonly number[] = typeof zoomRange === "number" ? [1 - zoomRange, 1 + zoomRange] : zoomRange;
  const [lower, upper] = isPair(given) ? given : [Number.NaN, Number.NaN];
  if (!(lower > 0 && lower <= upper && upper <= 2)) {
    throw new ArgumentError(
      `imageDataGenerator: zoomRange is ${JSON.stringify(zoomRange)}, expected a number below 1 or [lower, upper] above 0 and at most 2`,
    );
  }
  if (lower === 1 && upper === 1) {
    return [];
  }
  const factor = [lower - 1, upper - 1] as const;
  const factors = `[${rounded(factor[0])}, ${rounded(factor[1])}]`;
  const name = `layers.randomZoom({ heightFactor: ${factors}, widthFactor: ${factors}${read} })`;
  return [{ name, layer: layers.randomZoom({ heightFactor: factor, widthFactor: factor, ...sampling }) }];
}

function colourLayers(options: ImageDataGeneratorOptions): NamedLayer[] {
  const { channelShiftRange = 0, brightnessRange } = options;
  const range = toValueRange("imageDataGenerator: valueRange", options.valueRange);
  const found: NamedLayer[] = [];
  if (finite("channelShiftRange", channelShiftRange) > 0) {
    const layer = colour(range, (stream) => [1, stream.uniformBetween(-channelShiftRange, channelShiftRange)]);
    const factor = rounded(channelShiftRange / (range[1] - range[0]));
    found.push({ name: `layers.randomBrightness({ factor: ${factor}, valueRange: [${range.join(", ")}] })`, layer });
  }
  if (brightnessRange !== undefined) {
    const [lower, upper] = isPair(brightnessRange) ? brightnessRange : [Number.NaN, Number.NaN];
    if (!(lower >= 0 && lower <= upper && Number.isFinite(upper))) {
      throw new ArgumentError(
        `imageDataGenerator: brightnessRange is ${JSON.stringify(brightnessRange)}, expected two factors from 0 on, the smaller first`,
      );
    }
    const layer = colour(range, (stream) => [stream.uniformBetween(lower, upper), 0]);
    found.push({ name: `pixels times ${lower} to ${upper}, within [${range.join(", ")}]`, layer });
  }
  return found;
}

function colour(range: Range, draw: (stream: RandomStream) => readonly [number, number]): Layer {
  return changingLayer({
    className: "RandomBrightness",
    defaultName: "random_brightness",
    options: {},
    config: {},
    draws: channelDraws(draw),
    change: (context) => scaledChannels(context, range),
  });
}

function standardizingLayers(
  { rescale, featurewiseCenter = false, featurewiseStdNormalization = false }: ImageDataGeneratorOptions,
  statistics: ChannelStatistics | undefined,
): NamedLayer[] {
  const found: NamedLayer[] = [];
  if (rescale !== undefined) {
    found.push({ name: `layers.rescaling({ scale: ${rescale} })`, layer: layers.rescaling({ scale: rescale }) });
  }
  if (statistics !== undefined) {
    // As in Keras, dividing includes taking off the mean, and 1e-6 keeps from dividing by 0.
    const centred = featurewiseCenter || featurewiseStdNormalization;
    const factors = statistics.mean.map((mean, channel): readonly [number, number] => {
      const scale = featurewiseStdNormalization ? 1 / (statistics.deviation[channel]! + 1e-6) : 1;
      return [scale, centred ? -mean * scale : 0];
    });
    found.push({ name: "layers.normalization", layer: standardized(factors) });
  }
  return found;
}

/** Each channel by a factor and an offset of its own, the same for all images. */
function standardized(factors: readonly (readonly [scale: number, offset: number])[]): Layer {
  const [first] = factors;
  if (factors.length === 1) {
    return layers.rescaling({ scale: first![0], offset: first![1] });
  }
  const row = [...factors.map(([scale]) => scale), ...factors.map(([, offset]) => offset)];
  return changingLayer({
    className: "Normalization",
    defaultName: "normalization",
    options: {},
    config: {},
    draws: () => ({
      tensors: [{ name: "factors", dtype: "float32", shape: [row.length] }],
      draw: (_, rows) => [Array.from({ length: rows }, () => row).flat()],
    }),
    change: (context) => scaledChannels(context, unbounded),
  });
}

function finite(what: string, value: number): number {
  if (!Number.isFinite(value) || value < 0) {
    throw new ArgumentError(`imageDataGenerator: ${what} is ${value}, expected a number from 0 on`);
  }
  return value;
}

function isPair(range: unknown): range is Range {
  return Array.isArray(range) && range.length === 2;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
