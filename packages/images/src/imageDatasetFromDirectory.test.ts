import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ArgumentError, DatasetError, type Tensor } from "@convoy/core";
import type { Dataset } from "@convoy/core/datasets";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ImageDatasetOptions, imageDatasetFromDirectory } from "./index.js";
import { imagePixels, putClasses, putImage } from "./testing/makeImages.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "convoy-images-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

type Pair = readonly [Tensor<Uint8Array>, Tensor];

async function batches<T = Pair>(data: Dataset<unknown>, epoch = 0): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of data.iterate(epoch)) {
    all.push(batch as T);
  }
  return all;
}

const small: ImageDatasetOptions & { subset?: never } = { imageSize: [8, 10], shuffle: false };

describe("imageDatasetFromDirectory", () => {
  it("gives batches of images and the classes of their folders", async () => {
    await putClasses(folder, 3);
    await writeFile(join(folder, "dark", "notes.txt"), "not an image");
    await mkdir(join(folder, ".cache"));
    await writeFile(join(folder, ".cache", "x.png"), "hidden");
    const data = await imageDatasetFromDirectory(folder, { ...small, batchSize: 4 });
    expect(data.classNames).toEqual(["dark", "light"]);
    expect(data.filePaths[1]).toBe(join(folder, "dark", "001.jpg"));
    expect(data.size).toBe(2);
    expect(data.batchSize).toBe(4);
    const [[images, labels], [rest]] = (await batches(data)) as [Pair, Pair];
    expect(images.shape).toEqual([4, 8, 10, 3]);
    expect(images.scale).toBe(1 / 255);
    expect(labels).toEqual({ data: Int32Array.of(0, 0, 0, 1), shape: [4] });
    expect(rest.shape).toEqual([2, 8, 10, 3]);
    // Blue is the tint: 0, 1, 2 and 200 (JPEG within a shade or two).
    for (const [index, tint] of [0, 1, 2, 200].entries()) {
      expect(Math.abs(images.data[index * 240 + 2]! - tint)).toBeLessThanOrEqual(3);
    }
    expect(await batches(await imageDatasetFromDirectory(pathToFileURL(folder), { ...small, batchSize: 4 }))).toEqual(
      await batches(data),
    );
  });

  it("decodes by sharp and by WebAssembly to the same images, within a shade in JPEG files", async () => {
    await putClasses(folder, 6);
    const bySharp = await batches(await imageDatasetFromDirectory(folder, { ...small, decoder: "sharp" }));
    const byWasm = await batches(await imageDatasetFromDirectory(folder, { ...small, decoder: "wasm" }));
    const [a, b] = [bySharp[0]![0], byWasm[0]![0]];
    expect(a.shape).toEqual(b.shape);
    const largest = a.data.reduce((most, value, index) => Math.max(most, Math.abs(value - b.data[index]!)), 0);
    expect(largest).toBeLessThanOrEqual(2);
    const png = (data: Tensor<Uint8Array>): Uint8Array => data.data.subarray(0, 240);
    expect(png(a)).toEqual(png(b));
  });

  it.each(["sharp", "wasm"] as const)("gives pixels as they are where nothing is resized (%s)", async (decoder) => {
    for (const name of ["0.png", "1.webp"]) {
      await putImage(join(folder, "a", name), 12, 9, 77);
    }
    const data = await imageDatasetFromDirectory(folder, {
      imageSize: [9, 12],
      batchSize: null,
      decoder,
      shuffle: false,
    });
    for (const [image] of await batches(data)) {
      expect(image.data).toEqual(new Uint8Array(imagePixels(12, 9, 77)));
      expect(image.shape).toEqual([9, 12, 3]);
    }
  });

  it("gives labels in every mode", async () => {
    await putClasses(folder, 2);
    const labelsOf = async (options: ImageDatasetOptions & { subset?: never }) =>
      (await batches(await imageDatasetFromDirectory(folder, { ...small, ...options })))[0]![1];
    expect(await labelsOf({ labelMode: "categorical" })).toEqual({
      data: Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1),
      shape: [4, 2],
    });
    expect(await labelsOf({ labelMode: "binary" })).toEqual({ data: Float32Array.of(0, 0, 1, 1), shape: [4] });
    expect(await labelsOf({ classNames: ["light", "dark"] })).toEqual({ data: Int32Array.of(0, 0, 1, 1), shape: [4] });
    expect(await labelsOf({ labels: [3, 0, 1, 1] })).toEqual({ data: Int32Array.of(3, 0, 1, 1), shape: [4] });
    for (const without of [{ labels: null }, { labelMode: null }]) {
      const [images] = await batches<Tensor>(await imageDatasetFromDirectory(folder, { ...small, ...without }));
      expect(images!.shape).toEqual([4, 8, 10, 3]);
    }
  });

  it("shuffles by the seed, every pass anew, and splits every class alike", async () => {
    await putClasses(folder, 10);
    const options = { imageSize: [4, 4], seed: 3, validationSplit: 0.3, batchSize: null } as const;
    const [train, held] = await imageDatasetFromDirectory(folder, { ...options, subset: "both" });
    expect([train.size, held.size]).toEqual([14, 6]);
    expect(new Set([...train.filePaths, ...held.filePaths]).size).toBe(20);
    expect(held.filePaths.filter((path) => path.includes("light"))).toHaveLength(3);
    const training = await imageDatasetFromDirectory(folder, { ...options, subset: "training" });
    expect(training.filePaths).toEqual(train.filePaths);
    expect(await batches(training)).toEqual(await batches(train));
    expect(await batches(train, 1)).not.toEqual(await batches(train, 0));
    const other = await imageDatasetFromDirectory(folder, { ...options, seed: 4, subset: "training" });
    expect(other.filePaths).not.toEqual(train.filePaths);
  });
});

describe("one error names the file for", () => {
  const read = async (options: ImageDatasetOptions & { subset?: never } = {}) =>
    batches(await imageDatasetFromDirectory(folder, { ...small, ...options }));

  it.each(["sharp", "wasm"] as const)("damaged files (%s)", async (decoder) => {
    const path = join(folder, "dark", "000.jpg");
    for (const name of ["000.jpg", "001.png", "002.webp"]) {
      await putImage(join(folder, "dark", name), 64, 64, 9);
    }
    await read({ decoder });
    const whole = await readFile(path);
    const expectFailure = async (message: string): Promise<void> => {
      await expect(read({ decoder })).rejects.toThrow(/^dataset: map failed at element \d: /);
      await expect(read({ decoder })).rejects.toThrow(message);
    };
    await writeFile(path, whole.subarray(0, whole.length / 2));
    await expectFailure(
      `${path}: a JPEG file without its end (ff d9) in ${Math.floor(whole.length / 2)} bytes; truncated`,
    );
    await writeFile(path, Buffer.concat([whole.subarray(0, whole.length - 300), Buffer.from([0xff, 0xd9])]));
    await expectFailure(`${path}: a damaged jpeg file of 64 x 64 pixels: `);
    await writeFile(path, whole);
    await read({ decoder }); // a decoder that has failed can be used again
    for (const [name, format] of [
      ["001.png", "png"],
      ["002.webp", "webp"],
    ] as const) {
      const other = join(folder, "dark", name);
      const bytes = await readFile(other);
      await writeFile(other, bytes.subarray(0, bytes.length * 0.6));
      await expectFailure(`${other}: a damaged ${format} file of 64 x 64 pixels: `);
      await writeFile(other, bytes);
    }
    await read({ decoder });
  });

  it("other formats and empty files", async () => {
    await putClasses(folder, 2);
    const path = join(folder, "light", "001.jpg");
    await writeFile(path, "<!DOCTYPE html>");
    await expect(read()).rejects.toThrow(`${path}: begins with 3c 21 44 4f, expected the first bytes of a PNG`);
    await writeFile(path, "");
    await expect(read()).rejects.toThrow(`${path}: begins with nothing`);
    await writeFile(path, (await readFile(join(folder, "light", "000.png"))).subarray(0, 12));
    await expect(read()).rejects.toThrow(`${path}: ends at byte 12, within its header`);
  });

  it("images that would unpack to more than they may", async () => {
    await putClasses(folder, 2);
    const path = join(folder, "dark", "000.png");
    const bytes = await readFile(path);
    bytes.writeUInt32BE(60_000, 16);
    bytes.writeUInt32BE(60_000, 20);
    await writeFile(path, bytes);
    const before = process.memoryUsage().rss;
    await expect(read()).rejects.toThrow(
      `${path}: its ${bytes.length} bytes declare 60000 x 60000 pixels, 3600000000, more than the 67108864 that maxPixels allows`,
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
    await putClasses(folder, 2);
    await expect(read({ maxPixels: 100 })).rejects.toThrow(
      "24 x 20 pixels, 480, more than the 100 that maxPixels allows",
    );
  });

  it("folders without images, and classes of one", async () => {
    await expect(read()).rejects.toThrow(DatasetError);
    await expect(read()).rejects.toThrow(`${folder}: has no images (.png, .jpg, .jpeg, .webp) among its 0 files`);
    await expect(imageDatasetFromDirectory(join(folder, "none"))).rejects.toThrow(
      `${join(folder, "none")}: there is no such folder`,
    );
    await putImage(join(folder, "0.png"), 8, 8, 1);
    await expect(read()).rejects.toThrow(`such as ${join(folder, "0.png")}, are in no folder of a class`);
    await expect(imageDatasetFromDirectory(join(folder, "0.png"))).rejects.toThrow("is no folder");
    await putClasses(folder, 2);
    await putImage(join(folder, "odd", "only.png"), 8, 8, 1);
    await expect(read()).rejects.toThrow(
      `${join(folder, "odd", "only.png")}: the only image of class "odd"; a class needs at least two`,
    );
    expect(await read({ classNames: ["dark", "light"] })).toHaveLength(1);
    await expect(read({ classNames: ["dark", "grey"] })).rejects.toThrow(
      'has no folder "grey" with images; it has "dark", "light", "odd"',
    );
  });

  it.each<[object, string]>([
    [{ imageSize: [0, 8] }, "imageSize[0] is 0, expected an integer of at least 1"],
    [{ labelMode: "sparse" }, 'labelMode is "sparse", expected one of "int", "categorical", "binary", null'],
    [{ validationSplit: 0.2 }, "validationSplit needs subset beside it"],
    [{ subset: "training" }, "subset needs validationSplit beside it"],
    [{ validationSplit: 1, subset: "both" }, "validationSplit is 1"],
    [{ interpolation: "cubic" }, "interpolation is"],
    [{ batchsize: 3 }, "unknown option batchsize"],
    [{ labels: [1] }, "there are 1 labels for the 4 images"],
    [{ labels: [1, 2, -1, 0] }, "label 2 ("],
    [{ labels: [0, 1, 2, 0], labelMode: "binary" }, 'labelMode is "binary", but there are 3 classes'],
  ])("options out of range: %o", async (options, message) => {
    await putClasses(folder, 2);
    const making = imageDatasetFromDirectory(folder, options as ImageDatasetOptions & { subset?: never });
    await expect(making).rejects.toThrow(ArgumentError);
    await expect(making).rejects.toThrow(message);
  });
});
