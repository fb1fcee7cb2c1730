import { ArgumentError, type Tensor } from "@convoy/core";
import { type Dataset, dataset, trainTestSplit } from "@convoy/core/datasets";
import { openImageFiles } from "#image-files";
import type { DecoderName } from "./decodeNode.js";
import type { ImageDirectory, ImageFile } from "./imageFiles.js";
import { type LabelledFiles, type LabelSource, labelFiles } from "./labelledFiles.js";
import { type ColorMode, channelsOf, type Interpolation } from "./resize.js";

/** Settings of `imageDatasetFromDirectory`; names and defaults are Keras'. */
export interface ImageDatasetOptions {
  /** "inferred" (default) from the folders' names, a list of class numbers in the order of the sorted paths, or null: images alone. */
  readonly labels?: LabelSource;
  /** "int" (default): class numbers; "categorical": one-hot; "binary": 0 or 1, as numbers for binary cross-entropy; null: no labels. */
  readonly labelMode?: "int" | "categorical" | "binary" | null;
  /** Folders in the order of their class numbers; default: all, sorted. */
  readonly classNames?: readonly string[];
  /** Default "rgb". */
  readonly colorMode?: ColorMode;
  /** Images of a batch; default 32. null gives images one by one. */
  readonly batchSize?: number | null;
  /** Height and width; default [256, 256]. */
  readonly imageSize?: readonly [height: number, width: number];
  /** Default true: another order in every pass. Otherwise images come sorted by class and path. */
  readonly shuffle?: boolean;
  /** Seed of the order and of the split, an integer from 0 to 2^53 - 1; default 0. */
  readonly seed?: number;
  /** Share of the images that are for validation, above 0 and below 1; the same for one seed. */
  readonly validationSplit?: number;
  /** Which part to give where there is a `validationSplit`. */
  readonly subset?: "training" | "validation" | "both";
  /** Default "bilinear". */
  readonly interpolation?: Interpolation;
  /** Whether images are cut to the wanted proportions before they are resized, rather than stretched; default false. */
  readonly cropToAspectRatio?: boolean;
  /** Node: threads that decode; 0 decodes on this one. Default: as many as there are cores, at most 4. Never changes the result. */
  readonly workers?: number;
  /** Node: "sharp", "wasm", or "auto" (default): sharp where it is installed. They may differ by a shade in JPEG files. */
  readonly decoder?: DecoderName;
  /** Pixels that a file may declare; default 2^26. A small file may unpack to gigabytes. */
  readonly maxPixels?: number;
}

/** Batches of images, with what is known of them. */
export type ImageDataset = Dataset<ImageBatch> & {
  /** Name of each class, by label. */
  readonly classNames: readonly string[];
  /** The files, in the order of an unshuffled pass. */
  readonly filePaths: readonly string[];
};

/** [images, labels], or images alone. */
export type ImageBatch = readonly [images: Tensor<Uint8Array>, labels: Tensor] | Tensor<Uint8Array>;

const optionNames = [
  ...["labels", "labelMode", "classNames", "colorMode", "batchSize", "imageSize", "shuffle", "seed", "validationSplit"],
  ...["subset", "interpolation", "cropToAspectRatio", "workers", "decoder", "maxPixels"],
];

/**
 * A data set of the PNG, JPEG and WebP images in a folder that has a folder for each class, read and decoded as training goes:
 *
 *     const train = await imageDatasetFromDirectory("flowers", { imageSize: [96, 96], validationSplit: 0.2, subset: "training" });
 *     await model.fit(train.prefetch(2), { epochs: 10 });
 *
 * Keras' `image_dataset_from_directory`, but for this: images are bytes, rounded, with scale 1/255 that a model multiplies them
 * with as they enter it; the whole order is shuffled in every pass; and the split takes as large a share of every class. JPEG's
 * EXIF orientation does not count, opacity is dropped unless `colorMode` is "rgba".
 *
 * @param directory a folder's path in Node; in a page the files of an `<input type="file" webkitdirectory>`
 * @returns batches [images, labels]: images [N, height, width, channels]; labels [N], or [N, classes] for "categorical"
 * @throws DatasetError for a folder that is not there or has no images, and a class of one image; when a pass meets it, for a file
 * that is damaged, of another format, or larger than `maxPixels`. Each names the file
 * @throws ArgumentError for options out of range
 */
export async function imageDatasetFromDirectory(
  directory: ImageDirectory,
  options: ImageDatasetOptions & { readonly subset: "both" },
): Promise<readonly [training: ImageDataset, validation: ImageDataset]>;
export async function imageDatasetFromDirectory(
  directory: ImageDirectory,
  options?: ImageDatasetOptions & { readonly subset?: "training" | "validation" },
): Promise<ImageDataset>;
export async function imageDatasetFromDirectory(
  directory: ImageDirectory,
  options: ImageDatasetOptions = {},
): Promise<ImageDataset | readonly [ImageDataset, ImageDataset]> {
  checkOptions(options);
  const { labels = "inferred", labelMode = "int", classNames, validationSplit, subset, seed = 0 } = options;
  const { colorMode = "rgb", imageSize = [256, 256], interpolation = "bilinear", cropToAspectRatio = false } = options;
  const { workers, decoder = "auto", maxPixels = 2 ** 26 } = options;
  const files = openImageFiles(directory);
  const found = labelFiles(await files.list(), files.location, labelMode === null ? null : labels, classNames);
  if (labelMode === "binary" && found.labels !== undefined && found.classNames.length !== 2) {
    throw new ArgumentError(
      `imageDatasetFromDirectory: labelMode is "binary", but there are ${found.classNames.length} classes`,
    );
  }
  const [height, width] = imageSize;
  const settings = { height, width, colorMode, interpolation, cropToAspectRatio, maxPixels };
  const reader = files.reader(settings, { workers, decoder });
  const make = (part: LabelledFiles): ImageDataset => {
    const shape = [height, width, channelsOf[colorMode]];
    const readOne = async (index: number) => {
      const image: Tensor<Uint8Array> = { data: await reader.read(part.files[index]!), shape, scale: 1 / 255 };
      const label = part.labels?.[index];
      return label === undefined ? image : ([image, labelOf(label, part.classNames.length, labelMode)] as const);
    };
    const order = dataset(Int32Array.from(part.files, (_, index) => index));
    const ordered = options.shuffle === false ? order : order.shuffle(part.files.length, { seed });
    const images = ordered.map(readOne, { concurrency: reader.concurrency });
    const batches = options.batchSize === null ? images : images.batch(options.batchSize ?? 32);
    return Object.assign(batches as unknown as Dataset<ImageBatch>, {
      classNames: part.classNames,
      filePaths: part.files.map(({ name }) => name),
    });
  };
  if (validationSplit === undefined) {
    return make(found);
  }
  const [training, validation] = split(found, validationSplit, seed);
  return subset === "both" ? [make(training), make(validation)] : make(subset === "training" ? training : validation);
}

function labelOf(label: number, classes: number, mode: ImageDatasetOptions["labelMode"]): Tensor {
  if (mode === "categorical") {
    const data = new Float32Array(classes);
    data[label] = 1;
    return { data, shape: [classes] };
  }
  return mode === "binary" ? { data: Float32Array.of(label), shape: [] } : { data: Int32Array.of(label), shape: [] };
}

/** Training and validation, each in the order of the files. */
function split(found: LabelledFiles, share: number, seed: number): [LabelledFiles, LabelledFiles] {
  const index: Tensor<Int32Array> = { data: Int32Array.from(found.files, (_, at) => at), shape: [found.files.length] };
  const stratify = found.labels && Int32Array.from(found.labels);
  const parts = trainTestSplit({ index }, { testSize: share, seed, stratify });
  return [parts.train, parts.test].map((part): LabelledFiles => {
    const rows = [...part.index.data].sort((a, b) => a - b);
    const files = rows.map((row): ImageFile => found.files[row]!);
    return {
      files,
      classNames: found.classNames,
      ...(found.labels === undefined ? {} : { labels: rows.map((row) => found.labels![row]!) }),
    };
  }) as [LabelledFiles, LabelledFiles];
}

function checkOptions(options: ImageDatasetOptions): void {
  const unknown = Object.keys(options).find((name) => !optionNames.includes(name));
  if (unknown !== undefined) {
    throw new ArgumentError(`imageDatasetFromDirectory: unknown option ${unknown}. Known: ${optionNames.join(", ")}`);
  }
  const { imageSize = [256, 256], batchSize = 32, workers, maxPixels = 1, validationSplit, subset, seed = 0 } = options;
  expectOneOf("labelMode", options.labelMode, ["int", "categorical", "binary", null]);
  expectOneOf("colorMode", options.colorMode, ["rgb", "rgba", "grayscale"]);
  expectOneOf("interpolation", options.interpolation, ["bilinear", "nearest", "bicubic"]);
  expectOneOf("decoder", options.decoder, ["auto", "sharp", "wasm"]);
  expectOneOf("subset", subset, ["training", "validation", "both"]);
  expectInteger("imageSize[0]", imageSize[0], 1);
  expectInteger("imageSize[1]", imageSize[1], 1);
  expectInteger("batchSize", batchSize ?? 1, 1);
  expectInteger("workers", workers ?? 0, 0);
  expectInteger("maxPixels", maxPixels, 1);
  expectInteger("seed", seed, 0);
  if (validationSplit !== undefined && !(validationSplit > 0 && validationSplit < 1)) {
    throw new ArgumentError(
      `imageDatasetFromDirectory: validationSplit is ${validationSplit}, expected a share above 0 and below 1`,
    );
  }
  if ((validationSplit === undefined) !== (subset === undefined)) {
    const [given, missing] = subset === undefined ? ["validationSplit", "subset"] : ["subset", "validationSplit"];
    throw new ArgumentError(`imageDatasetFromDirectory: ${given} needs ${missing} beside it`);
  }
}

function expectOneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (value !== undefined && !allowed.includes(value)) {
    const known = allowed.map((each) => JSON.stringify(each)).join(", ");
    throw new ArgumentError(`imageDatasetFromDirectory: ${name} is ${JSON.stringify(value)}, expected one of ${known}`);
  }
}

function expectInteger(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new ArgumentError(`imageDatasetFromDirectory: ${name} is ${value}, expected an integer of at least ${least}`);
  }
}
