import { store } from "#dataset-store";
import { ArgumentError, DatasetError } from "../errors.js";
import { type CifarFiles, type CifarSet, cifar10Set, cifar100Set } from "./cifarSets.js";
import type { LabelledImages } from "./labelledImages.js";
import type { LoadedFile } from "./load.js";
import { loadCifar } from "./loadCifar.js";
import type { DatasetOptions } from "./loading.js";
import type { ImageDataset } from "./mnist.js";
import type { DatasetStore } from "./store.js";

/** Settings of `cifar100`. */
export interface Cifar100Options extends DatasetOptions {
  /** Keras' `label_mode`: "fine" (default), 100 classes, or "coarse", 20 groups of five of them. */
  readonly labelMode?: "fine" | "coarse" | undefined;
}

/** Width and height of an image. */
const side = 32;
const planeBytes = side * side;

/**
 * CIFAR-10: 50,000 training and 10,000 test images of ten kinds of things, 32 x 32 in colour (Krizhevsky, 2009).
 *
 * The files of the binary version (`data_batch_1.bin`, ..., plain or `.gz`, or `cifar-10-binary.tar.gz` as it is published) are
 * looked for as those of `mnist` are, in folders `cifar-10` and `cifar-10-batches-bin`; 170 MB to download. A folder
 * `cifar-10-jpeg-subset` with 10,000 training and 2,000 test images, decoded from JPEG, is taken before anything is downloaded:
 * the result's `name` says "CIFAR-10 (JPEG subset)". With `verify: false` any of these files are taken, whatever is in them.
 *
 * @returns images [50000, 32, 32, 3] and [10000, 32, 32, 3] as bytes with scale 1/255; labels [50000] and [10000], 0 to 9
 * @throws DatasetError when the files are nowhere, damaged or not those published; it names every place tried
 * @throws ArgumentError for options out of range, and for `dataDir` and `cacheDir` in a browser
 */
export async function cifar10(options: DatasetOptions = {}): Promise<ImageDataset> {
  return loadCifarImages(cifar10Set, 0, options, store);
}

/**
 * CIFAR-100: as CIFAR-10, with 100 classes in 20 groups (Krizhevsky, 2009). Looked for as `cifar10` is, in folders `cifar-100`
 * and `cifar-100-binary` (`train.bin`, `test.bin`, or `cifar-100-binary.tar.gz`); 169 MB to download. Results and errors are
 * those of `cifar10`, with labels from 0 to 99, or to 19 for `labelMode: "coarse"`.
 */
export async function cifar100({ labelMode = "fine", ...options }: Cifar100Options = {}): Promise<ImageDataset> {
  if (labelMode !== "fine" && labelMode !== "coarse") {
    throw new ArgumentError(`cifar100: labelMode is "${labelMode}", expected "fine" or "coarse"`);
  }
  return loadCifarImages(cifar100Set, labelMode === "coarse" ? 0 : 1, options, store);
}

/** Loads any set of files in CIFAR's binary format; of its labels those at position `label`. */
export async function loadCifarImages(
  set: CifarSet,
  label: number,
  options: DatasetOptions,
  from: DatasetStore,
): Promise<ImageDataset> {
  const { files, loaded } = await loadCifar(set, options, from);
  const images = (part: CifarFiles["train"]): LabelledImages =>
    readRecords(
      part.flatMap(({ name }) => loaded.get(name) ?? []),
      set,
      label,
    );
  return {
    name: files.name,
    train: images(files.train),
    test: images(files.test),
    classNames: set.labels[label]!.classNames,
  };
}

/** Images and one of their labels from records of label bytes and the red, green and blue pixels of an image, row by row. */
function readRecords(files: readonly LoadedFile[], { labels: kinds }: CifarSet, label: number): LabelledImages {
  const recordBytes = kinds.length + 3 * planeBytes;
  const samples = files.reduce((sum, { bytes, source }) => sum + countRecords(bytes, source, recordBytes), 0);
  const images = new Uint8Array(samples * 3 * planeBytes);
  const labels = new Int32Array(samples);
  let sample = 0;
  for (const { bytes, source } of files) {
    for (let start = 0; start < bytes.length; start += recordBytes, sample++) {
      kinds.forEach(({ name, classNames }, index) => {
        const value = bytes[start + index] as number;
        if (value >= classNames.length) {
          throw new DatasetError(
            `${source}: byte ${start + index}: ${name} ${value}, expected 0 to ${classNames.length - 1}; replace the file`,
          );
        }
      });
      labels[sample] = bytes[start + label] as number;
      interleavePlanes(bytes, start + kinds.length, images, sample * 3 * planeBytes);
    }
  }
  return {
    images: { data: images, shape: [samples, side, side, 3], scale: 1 / 255 },
    labels: { data: labels, shape: [samples] },
  };
}

function countRecords(bytes: Uint8Array, source: string, recordBytes: number): number {
  if (bytes.length === 0 || bytes.length % recordBytes !== 0) {
    throw new DatasetError(
      `${source}: has ${bytes.length} bytes, expected a multiple of ${recordBytes}, the bytes of a record; replace the file`,
    );
  }
  return bytes.length / recordBytes;
}

/** From all red, all green, all blue pixels to red, green, blue of each. */
function interleavePlanes(from: Uint8Array, start: number, to: Uint8Array, position: number): void {
  for (let pixel = 0; pixel < planeBytes; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      to[position + 3 * pixel + channel] = from[start + channel * planeBytes + pixel] as number;
    }
  }
}
