import { store } from "#dataset-store";
import { DatasetError, formatShape } from "../errors.js";
import type { Tensor } from "../tensor.js";
import { parseIdx } from "./idx.js";
import type { LabelledImages } from "./labelledImages.js";
import { type LoadedFile, loadFiles, type PublishedSet } from "./load.js";
import type { DatasetOptions } from "./loading.js";
import { fashionMnistFiles, kmnistFiles, type MnistRole, mnistFiles } from "./publishedSets.js";
import type { DatasetStore } from "./store.js";

/** A training and a test set, and what the classes are called. */
export interface ImageDataset {
  /** What results on it are called by: "MNIST", "CIFAR-10 (JPEG subset)", ... */
  readonly name: string;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  /** Name of each class, by label. */
  readonly classNames: readonly string[];
}

/**
 * MNIST: 60,000 training and 10,000 test images of handwritten digits, 28 x 28 (LeCun, Cortes, Burges, 1998).
 *
 * The four files are looked for in `dataDir`, in `CONVOY_DATA_DIR`, in the cache folder (`CONVOY_CACHE_DIR`, else
 * `~/.cache/convoy` on Linux, `~/Library/Caches/convoy` on macOS, `%LOCALAPPDATA%\convoy\Cache` on Windows), and are
 * downloaded (12 MB) when they are in none of them. They are checked against their published digests wherever they come
 * from. In a browser the Cache API takes the cache folder's place, and `mirrors` must name servers that allow
 * cross-origin requests, or a folder of your own server ("/data/mnist/").
 *
 * @returns images [60000, 28, 28, 1] and [10000, 28, 28, 1] as bytes with scale 1/255; labels [60000] and [10000], 0 to 9
 * @throws DatasetError when the files are nowhere, damaged or not those published; it names every place tried
 * @throws ArgumentError for options out of range, and for `dataDir` and `cacheDir` in a browser
 */
export async function mnist(options: DatasetOptions = {}): Promise<ImageDataset> {
  return loadMnistFormat(mnistFiles, "0 1 2 3 4 5 6 7 8 9".split(" "), options, store);
}

/**
 * Fashion-MNIST: MNIST's format with ten kinds of clothing, harder than digits (Xiao, Rasul, Vollgraf, arXiv:1708.07747).
 * Looked for as `mnist` is, in a folder `fashion-mnist`; 31 MB to download. Results and errors are those of `mnist`.
 */
export async function fashionMnist(options: DatasetOptions = {}): Promise<ImageDataset> {
  const classNames = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
  ];
  return loadMnistFormat(fashionMnistFiles, classNames, options, store);
}

/**
 * Kuzushiji-MNIST: MNIST's format with ten characters of cursive Japanese (Clanuwat et al., arXiv:1812.01718).
 * Looked for as `mnist` is, in a folder `kmnist`; 21 MB to download. Results and errors are those of `mnist`.
 */
export async function kmnist(options: DatasetOptions = {}): Promise<ImageDataset> {
  return loadMnistFormat(kmnistFiles, "o ki su tsu na ha ma ya re wo".split(" "), options, store);
}

/** Loads any set of four files in MNIST's format. */
export async function loadMnistFormat(
  set: PublishedSet<MnistRole>,
  classNames: readonly string[],
  options: DatasetOptions,
  from: DatasetStore,
): Promise<ImageDataset> {
  const files = await loadFiles(set, options, from);
  return {
    name: set.title,
    train: labelledImages(files.trainImages, files.trainLabels, classNames.length),
    test: labelledImages(files.testImages, files.testLabels, classNames.length),
    classNames,
  };
}

function labelledImages(imageFile: LoadedFile, labelFile: LoadedFile, classes: number): LabelledImages {
  const images = readBytes(imageFile, 3, "images [N,H,W]");
  const labels = readBytes(labelFile, 1, "labels [N]");
  const [samples, height, width] = images.shape as [number, number, number];
  if (samples !== labels.data.length) {
    throw new DatasetError(
      `${imageFile.source} has ${samples} images, but ${labelFile.source} has ${labels.data.length} labels; replace the files by two of one set`,
    );
  }
  const wrong = labels.data.findIndex((label) => label >= classes);
  if (wrong >= 0) {
    // Labels begin after 4 bytes of magic number and 4 of size.
    throw new DatasetError(
      `${labelFile.source}: byte ${8 + wrong}: label ${labels.data[wrong]}, expected 0 to ${classes - 1}; replace the file`,
    );
  }
  return {
    images: { data: images.data, shape: [samples, height, width, 1], scale: 1 / 255 },
    labels: { data: Int32Array.from(labels.data), shape: [samples] },
  };
}

function readBytes(file: LoadedFile, rank: number, expected: string): Tensor<Uint8Array> {
  const { data, shape } = parseIdx(file.bytes, file.source);
  if (!(data instanceof Uint8Array) || shape.length !== rank) {
    const found = `${data.constructor.name.replace("Array", "").toLowerCase()} ${formatShape(shape)}`;
    throw new DatasetError(`${file.source}: byte 2: expected uint8 ${expected}, found ${found}; replace the file`);
  }
  return { data, shape };
}
