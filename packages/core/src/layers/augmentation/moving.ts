import type { Config } from "../../config.js";
import { ArgumentError } from "../../errors.js";
import { lookUp } from "../../names.js";
import type { Shape } from "../../ops/definition.js";
import type { AffineMatrix } from "../../ops/warp2d.js";
import type { RandomStream } from "../../random/index.js";
import { commonFields, type LayerOptions, type Sampling } from "../definition.js";
import { defineLayer, type Layer } from "../layer.js";
import { expectImages, layerOptions } from "../options.js";
import { functionName } from "./drawing.js";
import { aboutCentre, type ImageSize, rotation, translation } from "./matrices.js";
import { type Factor, type Range, type SamplingOptions, samplingOptions, toRange, toSampling } from "./ranges.js";

/** What a layer that moves pixels within images of one size is made of. */
export interface Movement {
  readonly className: string;
  readonly defaultName: string;
  readonly options: LayerOptions;
  readonly config: Config;
  readonly sampling: Sampling | undefined;
  readonly draw: (stream: RandomStream, size: ImageSize) => AffineMatrix;
}

/** A layer that moves pixels in training and gives images on otherwise. */
export function movingLayer({ className, defaultName, options, config, sampling, draw }: Movement): Layer {
  return defineLayer({
    className,
    defaultName,
    ...commonFields(options),
    config,
    parameters: () => [],
    transform([height, width]: Shape) {
      const size = [height!, width!] as const;
      return { sampling, size, draw: (stream) => draw(stream, size) };
    },
    apply({ input }) {
      expectImages(functionName(className), input.shape.slice(1));
      return input;
    },
  });
}

/** A number from a range. */
export function drawFrom(stream: RandomStream, [lower, upper]: Range): number {
  return stream.uniformBetween(lower, upper);
}

/** Of how they are read, what a config has. */
function samplingConfig({ fillMode, fillValue, interpolation }: Sampling): Config {
  return { fillMode, fillValue, interpolation };
}

export interface RandomFlipOptions extends LayerOptions {
  /** Default "horizontalAndVertical". */
  readonly mode?: "horizontal" | "vertical" | "horizontalAndVertical";
}

const flipModes = {
  horizontal: [true, false],
  vertical: [false, true],
  horizontalAndVertical: [true, true],
} as const;

/**
 * Flips images [N,H,W,C] from left to right, upside down, or each of both in half of the cases. Acts in training only. Keras'
 * `RandomFlip`, in whose mode for both directions an image is flipped in both or in none.
 */
export function randomFlip(options: RandomFlipOptions = {}): Layer {
  const { mode = "horizontalAndVertical" } = layerOptions("randomFlip", options, ["mode"]);
  const [horizontal, vertical] = lookUp("flip mode", mode, flipModes);
  return movingLayer({
    className: "RandomFlip",
    defaultName: "random_flip",
    options,
    config: { mode },
    sampling: undefined,
    draw(stream, [height, width]) {
      const right = horizontal && stream.uniform() < 0.5;
      const over = vertical && stream.uniform() < 0.5;
      return [right ? -1 : 1, 0, right ? width - 1 : 0, 0, over ? -1 : 1, over ? height - 1 : 0];
    },
  });
}

export interface RandomRotationOptions extends LayerOptions, SamplingOptions {
  /** In turns: 0.1 is up to 36 degrees to either side, [-0.2, 0.3] from 72 degrees clockwise to 108 counter-clockwise. */
  readonly factor: Factor;
}

/** Turns images [N,H,W,C] about their centre. Acts in training only. Keras' `RandomRotation`. Throws `ArgumentError` beyond one turn. */
export function randomRotation(options: RandomRotationOptions): Layer {
  layerOptions("randomRotation", options, ["factor", ...samplingOptions], ["factor"]);
  const factor = toRange("randomRotation: factor", options.factor, [-1, 1]);
  const sampling = toSampling("randomRotation", options);
  return movingLayer({
    className: "RandomRotation",
    defaultName: "random_rotation",
    options,
    config: { factor: [...factor], ...samplingConfig(sampling) },
    sampling,
    draw: (stream, size) => rotation(size, 2 * Math.PI * drawFrom(stream, factor)),
  });
}

export interface RandomZoomOptions extends LayerOptions, SamplingOptions {
  /** As a share of the height, positive away, negative near: 0.2 is from 20% nearer to 20% farther. */
  readonly heightFactor: Factor;
  /** Default: the width is zoomed as the height is. */
  readonly widthFactor?: Factor;
}

/**
 * Zooms into and out of images [N,H,W,C] about their centre. Acts in training only. Keras' `RandomZoom`. Throws `ArgumentError` for
 * factors beyond -1 to 1.
 */
export function randomZoom(options: RandomZoomOptions): Layer {
  layerOptions("randomZoom", options, ["heightFactor", "widthFactor", ...samplingOptions], ["heightFactor"]);
  const heightFactor = toRange("randomZoom: heightFactor", options.heightFactor, [-1, 1]);
  const given = options.widthFactor ?? undefined;
  const widthFactor = given === undefined ? undefined : toRange("randomZoom: widthFactor", given, [-1, 1]);
  const sampling = toSampling("randomZoom", options);
  return movingLayer({
    className: "RandomZoom",
    defaultName: "random_zoom",
    options,
    config: {
      heightFactor: [...heightFactor],
      ...(widthFactor === undefined ? {} : { widthFactor: [...widthFactor] }),
      ...samplingConfig(sampling),
    },
    sampling,
    draw(stream, size) {
      const y = 1 + drawFrom(stream, heightFactor);
      const x = widthFactor === undefined ? y : 1 + drawFrom(stream, widthFactor);
      return aboutCentre(size, [x, 0, 0, y]);
    },
  });
}

export interface RandomTranslationOptions extends LayerOptions, SamplingOptions {
  /** As a share of the height, positive down: 0.2 is up to 20% up or down. */
  readonly heightFactor: Factor;
  /** As a share of the width, positive to the right. */
  readonly widthFactor: Factor;
}

/** Shifts images [N,H,W,C]. Acts in training only. Keras' `RandomTranslation`. Throws `ArgumentError` for factors beyond -1 to 1. */
export function randomTranslation(options: RandomTranslationOptions): Layer {
  const required = ["heightFactor", "widthFactor"];
  layerOptions("randomTranslation", options, [...required, ...samplingOptions], required);
  const heightFactor = toRange("randomTranslation: heightFactor", options.heightFactor, [-1, 1]);
  const widthFactor = toRange("randomTranslation: widthFactor", options.widthFactor, [-1, 1]);
  const sampling = toSampling("randomTranslation", options);
  return movingLayer({
    className: "RandomTranslation",
    defaultName: "random_translation",
    options,
    config: { heightFactor: [...heightFactor], widthFactor: [...widthFactor], ...samplingConfig(sampling) },
    sampling,
    draw(stream, [height, width]) {
      const down = drawFrom(stream, heightFactor) * height;
      return translation(drawFrom(stream, widthFactor) * width, down);
    },
  });
}

export interface RandomShearOptions extends LayerOptions, SamplingOptions {
  /** Columns that a row is shifted against the one above it, to either side; [lower, upper] of their number. Default 0. */
  readonly xFactor?: Factor;
  /** Rows that a column is shifted against the one to its left; default 0. */
  readonly yFactor?: Factor;
}

/**
 * Shears images [N,H,W,C] about their top left corner, to either side. Acts in training only. Keras' `RandomShear`. Throws
 * `ArgumentError` for factors beyond 0 to 1.
 */
export function randomShear(options: RandomShearOptions = {}): Layer {
  layerOptions("randomShear", options, ["xFactor", "yFactor", ...samplingOptions]);
  const xFactor = toRange("randomShear: xFactor", options.xFactor ?? 0, [0, 1]);
  const yFactor = toRange("randomShear: yFactor", options.yFactor ?? 0, [0, 1]);
  if (xFactor[1] === 0 && yFactor[1] === 0) {
    throw new ArgumentError(
      "randomShear: xFactor and yFactor are both 0, so nothing would be sheared; give one of them",
    );
  }
  const sampling = toSampling("randomShear", options);
  return movingLayer({
    className: "RandomShear",
    defaultName: "random_shear",
    options,
    config: { xFactor: [...xFactor], yFactor: [...yFactor], ...samplingConfig(sampling) },
    sampling,
    draw(stream) {
      const side = stream.uniform() > 0.5 ? -1 : 1;
      const y = side * drawFrom(stream, yFactor);
      return [1, side * drawFrom(stream, xFactor), 0, y, 1, 0];
    },
  });
}
