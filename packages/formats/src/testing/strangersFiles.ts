import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Backend, Model, Tensor } from "@convoy/core";

/** Real files of other people's tools, and images, are not part of the project: they lie in this folder. */
const folder = process.env.CONVOY_DATA_DIR ?? "";

/** Why tests on real files are skipped; undefined where they run. */
export const reasonToSkip: string | undefined = existsSync(join(folder, "models"))
  ? undefined
  : "CONVOY_DATA_DIR names no folder with model files (models/)";

/** What a file must give, as its own framework says. */
interface Expected {
  readonly input: string;
  readonly shape: readonly number[];
  readonly tensors?: Readonly<Record<string, readonly [string, readonly number[]]>>;
  readonly predictions: readonly (readonly number[])[];
  readonly accuracy1000: number | null;
}

/** A file in the folder of models. */
export function strangersFile(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(folder, "models", name)));
}

export function expectedOf(name: string): Expected {
  return JSON.parse(readFileSync(join(folder, "models", `${name}.expected.json`), "utf8")) as Expected;
}

/** The first images of the test set that a file was measured on, [N,H,W,C], scaled as it says, and their classes. */
export function testImages(input: string, count: number): { images: Tensor<Float32Array>; labels: number[] } {
  const read = (...path: string[]) => gunzipSync(readFileSync(join(folder, ...path)));
  if (input.startsWith("mnist")) {
    const border = input.includes("padded on every side by 2") ? 2 : 0;
    const size = 28 + 2 * border;
    const pixels = read("mnist", "t10k-images-idx3-ubyte.gz").subarray(16);
    const data = new Float32Array(count * size * size);
    data.fill(scaled(input, 0, 0));
    for (let index = 0; index < count * 784; index++) {
      const [image, row, column] = [Math.floor(index / 784), Math.floor((index % 784) / 28), index % 28];
      data[(image * size + row + border) * size + column + border] = scaled(input, pixels[index]!, 0);
    }
    const labels = [...read("mnist", "t10k-labels-idx1-ubyte.gz").subarray(8, 8 + count)];
    return { images: { data, shape: [count, size, size, 1] }, labels };
  }
  const records = read("cifar-10-jpeg-subset", "test_batch.bin.gz");
  const data = Float32Array.from({ length: count * 3072 }, (_, index) => {
    const [image, pixel, channel] = [Math.floor(index / 3072), Math.floor((index % 3072) / 3), index % 3];
    return scaled(input, records[image * 3073 + 1 + channel * 1024 + pixel]!, channel);
  });
  const labels = Array.from({ length: count }, (_, image) => records[image * 3073]!);
  return { images: { data, shape: [count, 32, 32, 3] }, labels };
}

function scaled(input: string, pixel: number, channel: number): number {
  const mean = [0.485, 0.456, 0.406][channel]!;
  const deviation = [0.229, 0.224, 0.225][channel]!;
  const scalings: readonly [string, number][] = [
    ["(x / 255 - 0.1307) / 0.3081", (pixel / 255 - 0.1307) / 0.3081],
    ["per channel (x / 255", (pixel / 255 - mean) / deviation],
    ["x / 255 - 0.5", pixel / 255 - 0.5],
    ["x / 127.5 - 1", pixel / 127.5 - 1],
    ["raw 0..255", pixel],
    ["/ 255", pixel / 255],
  ];
  const found = scalings.find(([name]) => input.includes(name));
  if (found === undefined) {
    throw new Error(`no scaling known for "${input}"`);
  }
  return found[1];
}

/** The largest difference from the expected predictions, and the share of right answers over the first images. */
export async function compared(
  model: Model,
  name: string,
  backend: Backend,
  images = 1000,
): Promise<{ difference: number; accuracy: number; expectedAccuracy: number | null }> {
  const { input, predictions, accuracy1000 } = expectedOf(name);
  const first = testImages(input, predictions.length);
  model.compile({ backend });
  const outputs = await model.predict(first.images);
  const expected = predictions.flat();
  const difference = Math.max(...expected.map((value, index) => Math.abs(value - outputs.data[index]!)));
  const many = testImages(input, images);
  const { data, shape } = await model.predict(many.images);
  const classes = shape[1]!;
  const right = many.labels.filter((label, image) => {
    const row = [...data.subarray(image * classes, (image + 1) * classes)];
    return row.indexOf(Math.max(...row)) === label;
  });
  return { difference, accuracy: right.length / images, expectedAccuracy: accuracy1000 };
}
