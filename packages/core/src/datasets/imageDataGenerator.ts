import { checkOptions, expectCount, expectRange } from "../checkOption.js";
import { ArgumentError, formatShape, ShapeError, StateError } from "../errors.js";
import type { Layer } from "../layers/layer.js";
import { augmentedDataset } from "../pipeline/augmentedDataset.js";
import { type Dataset, dataset } from "../pipeline/index.js";
import type { Tensor } from "../tensor.js";
import { type TensorInput, toTensor } from "../tensorInput.js";
import { type ChannelStatistics, generatorLayers, type NamedLayer } from "./generatorLayers.js";
import { expectGeneratorOptions, type ImageDataGeneratorOptions } from "./generatorOptions.js";

/** Settings of `flow`. */
export interface FlowOptions {
  /** Default 32. */
  readonly batchSize?: number;
  /** Default true: another order in every pass. */
  readonly shuffle?: boolean;
  /** Seed of the order and of what is drawn, an integer from 0 to 2^53 - 1; default: 0 for the order, and that of `fit`. */
  readonly seed?: number;
  /** One weight per image [N]. */
  readonly sampleWeight?: TensorInput;
  /** Which part, where the generator has a `validationSplit`; default: all. */
  readonly subset?: "training" | "validation";
}

/** Options of Keras that are not here, each with what to do instead. */
const refused: Readonly<Record<string, string>> = {
  zcaWhitening:
    "whitening is not here; featurewiseCenter and featurewiseStdNormalization bring channels to mean 0 and deviation 1",
  zcaEpsilon:
    "whitening is not here; featurewiseCenter and featurewiseStdNormalization bring channels to mean 0 and deviation 1",
  samplewiseCenter:
    "only means over all images are taken off; see featurewiseCenter, or layers.layerNormalization in the model",
  samplewiseStdNormalization:
    "only deviations over all images are divided by; see featurewiseStdNormalization, or layers.layerNormalization",
  preprocessingFunction: "functions run in dataset(...).map(f), before the images come to the generator",
  dataFormat: "images are [N,H,W,C] here, channels last",
  dtype: "numbers are float32 here",
};

const optionNames: readonly string[] = [
  ...[
    "rotationRange",
    "widthShiftRange",
    "heightShiftRange",
    "shearRange",
    "zoomRange",
    "channelShiftRange",
    "brightnessRange",
  ],
  ...["horizontalFlip", "verticalFlip", "fillMode", "cval", "interpolationOrder", "rescale", "featurewiseCenter"],
  ...["featurewiseStdNormalization", "validationSplit", "valueRange", "print"],
];

/** Makes data sets of images that are augmented in training. */
export class ImageDataGenerator {
  readonly #options: ImageDataGeneratorOptions;
  #statistics: ChannelStatistics | undefined;
  #layers: readonly NamedLayer[];

  /** Made by `imageDataGenerator`. */
  constructor(options: ImageDataGeneratorOptions) {
    expectGeneratorOptions(options);
    this.#options = options;
    this.#layers = generatorLayers(options, undefined);
    const names = this.#layers.map(({ name }) => name);
    if (this.#needsFit) {
      names.push("what fit(x) finds of each channel taken off or divided by");
    }
    (options.print ?? console.log)(
      names.length === 0
        ? "imageDataGenerator: gives images on as they are"
        : `imageDataGenerator stands for these layers, which run in the training step: ${names.join(", ")}`,
    );
  }

  /** The layers that images go through. */
  get layers(): readonly Layer[] {
    return this.#layers.map(({ layer }) => layer);
  }

  /**
   * Finds mean and deviation of each channel of images [N,H,W,C], rescaled as `rescale` says. Needed for `featurewiseCenter` and
   * `featurewiseStdNormalization` alone; without them it does nothing. Throws `ShapeError` for anything but images.
   */
  fit(x: TensorInput): void {
    const images = imagesOf("fit: x", x);
    if (!this.#needsFit) {
      return;
    }
    this.#statistics = channelStatistics(images, this.#options.rescale ?? 1);
    this.#layers = generatorLayers(this.#options, this.#statistics);
  }

  /**
   * Batches of images [N,H,W,C], with labels [x, y] or [x, y, sampleWeight]; a pass goes through all of them. `fit` of a model augments
   * them on its device, as a part of the step; gone through by hand, or in `evaluate` and `predict`, they come augmented.
   */
  flow(x: TensorInput, y: TensorInput, options?: FlowOptions): Dataset<readonly [Tensor, Tensor, ...Tensor[]]>;
  flow(x: TensorInput, y?: null, options?: FlowOptions): Dataset<Tensor>;
  flow(x: TensorInput, y?: TensorInput | null, options: FlowOptions = {}): Dataset<unknown> {
    const known = ["batchSize", "shuffle", "seed", "sampleWeight", "subset"];
    const { batchSize = 32, shuffle = true, seed, sampleWeight, subset } = checkOptions("flow", options, known);
    expectCount("flow: batchSize", batchSize);
    const given = [
      imagesOf("flow: x", x),
      ...[y, sampleWeight].flatMap((part) => (part == null ? [] : [toTensor("flow", part)])),
    ];
    const parts = subset === undefined ? given : this.#subset(given, subset);
    const [images] = parts as [Tensor];
    // Without labels a batch is the images alone.
    const rows: Dataset<unknown> = parts.length === 1 ? dataset(images) : dataset(parts);
    const ordered = shuffle ? rows.shuffle(images.shape[0]!, { seed: seed ?? 0 }) : rows;
    return this.#augmented(ordered.batch(batchSize), seed);
  }

  /**
   * Augments the batches of a data set, such as `await imageDatasetFromDirectory("flowers", { imageSize: [64, 64] })` of
   * `@convoy/images` gives, as `flow` does those of arrays.
   */
  flowFromDirectory<T>(data: Dataset<T>, options: Pick<FlowOptions, "seed"> = {}): Dataset<T> {
    const { seed } = checkOptions("flowFromDirectory", options, ["seed"]);
    return this.#augmented(data, seed) as Dataset<T>;
  }

  get #needsFit(): boolean {
    return (this.#options.featurewiseCenter ?? false) || (this.#options.featurewiseStdNormalization ?? false);
  }

  #augmented(batches: Dataset<unknown>, seed: number | undefined): Dataset<unknown> {
    if (this.#needsFit && this.#statistics === undefined) {
      throw new StateError(
        "imageDataGenerator: featurewiseCenter and featurewiseStdNormalization need the means of the images; call fit(x) first",
      );
    }
    return augmentedDataset(batches, this.layers, seed);
  }

  #subset(parts: readonly Tensor[], subset: string): Tensor[] {
    const { validationSplit = 0 } = this.#options;
    if (validationSplit === 0 || (subset !== "training" && subset !== "validation")) {
      throw new ArgumentError(
        `flow: subset is "${subset}" of a validationSplit of ${validationSplit}; it takes "training" or "validation", and a ` +
          "validationSplit of the generator above 0",
      );
    }
    const rows = parts[0]!.shape[0]!;
    const unlike = parts.find(({ shape }) => shape[0] !== rows);
    if (unlike !== undefined) {
      throw new ShapeError(
        `flow: ${formatShape(unlike.shape)} is not as many as the images ${formatShape(parts[0]!.shape)}; labels and weights ` +
          "are one of each image",
      );
    }
    const border = Math.floor(rows * validationSplit);
    const [from, to] = subset === "validation" ? [0, border] : [border, rows];
    return parts.map((part) => {
      const size = part.data.length / rows;
      return { ...part, data: part.data.subarray(from * size, to * size), shape: [to - from, ...part.shape.slice(1)] };
    });
  }
}

/**
 * Keras' `ImageDataGenerator`: images that are turned, shifted, sheared, zoomed, flipped and changed in colour at random while a model
 * trains on them, here by layers that run in the training step. It says which when it is made; in a model of their own, those layers do
 * the same and are what Keras recommends today.
 *
 * ```ts
 * const generator = imageDataGenerator({ rotationRange: 10, zoomRange: 0.1, widthShiftRange: 0.1, heightShiftRange: 0.1 });
 * await model.fit(generator.flow(images, labels, { batchSize: 32 }), { epochs: 5 });
 * ```
 *
 * @throws ArgumentError for options out of range, and for those of Keras that are not here, with what to do instead
 */
export function imageDataGenerator(options: ImageDataGeneratorOptions = {}): ImageDataGenerator {
  for (const [name, remedy] of Object.entries(refused)) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined && value !== false) {
      throw new ArgumentError(`imageDataGenerator: ${name} is not an option here: ${remedy}`);
    }
  }
  const given = Object.fromEntries(Object.entries(options).filter(([name]) => !Object.hasOwn(refused, name)));
  checkOptions("imageDataGenerator", given, optionNames);
  expectRange("imageDataGenerator: validationSplit", options.validationSplit ?? 0, 0, 1);
  return new ImageDataGenerator(given);
}

function imagesOf(what: string, x: TensorInput): Tensor {
  const images = toTensor(what, x);
  if (images.shape.length !== 4) {
    throw new ShapeError(`${what} has shape ${formatShape(images.shape)}, expected images [N,H,W,C]`);
  }
  return images;
}

/** Mean and deviation of each channel of what a model sees. */
function channelStatistics({ data, shape, scale = 1 }: Tensor, rescale: number): ChannelStatistics {
  const channels = shape[3]!;
  const [mean, square] = [new Float64Array(channels), new Float64Array(channels)];
  const count = data.length / channels;
  data.forEach((value, index) => {
    mean[index % channels]! += value / count;
  });
  data.forEach((value, index) => {
    square[index % channels]! += (value - mean[index % channels]!) ** 2 / count;
  });
  const factor = scale * rescale;
  return {
    mean: [...mean].map((value) => value * factor),
    deviation: [...square].map((value) => Math.sqrt(value) * Math.abs(factor)),
  };
}
