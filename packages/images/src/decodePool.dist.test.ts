import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as core from "@convoy/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type * as images from "./index.js";
import { putClasses } from "./testing/makeImages.js";

// Built: Node 20 cannot start threads from TypeScript.
const built = new URL("../dist/index.js", import.meta.url).href;
const builtCore = new URL("../../core/dist/index.js", import.meta.url).href;

let folder: string;
let imageDatasetFromDirectory: typeof images.imageDatasetFromDirectory;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "convoy-images-"));
  await putClasses(folder, 30);
  ({ imageDatasetFromDirectory } = (await import(/* @vite-ignore */ built)) as typeof images);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function pass(workers: number, epoch = 0): Promise<unknown[]> {
  const data = await imageDatasetFromDirectory(folder, { imageSize: [16, 16], seed: 5, batchSize: 7, workers });
  const all: unknown[] = [];
  for await (const batch of data.prefetch(2).iterate(epoch)) {
    all.push(batch);
  }
  return all;
}

it("gives the same batches on 1, 2 and 4 threads as on none", async () => {
  const alone = await pass(0);
  expect(alone).toHaveLength(9);
  for (const workers of [1, 2, 4]) {
    expect(await pass(workers)).toEqual(alone);
  }
  expect(await pass(2, 1)).toEqual(await pass(0, 1));
  expect(await pass(2, 1)).not.toEqual(alone);
});

it("gives the same augmented batches on 1, 2 and 4 threads as on none", async () => {
  const { layers } = (await import(/* @vite-ignore */ builtCore)) as typeof core;
  const augmented = async (workers: number): Promise<unknown[]> => {
    const data = await imageDatasetFromDirectory(folder, { imageSize: [16, 16], seed: 5, batchSize: 7, workers });
    const changed = data.map([layers.randomFlip(), layers.randomRotation({ factor: 0.1 })], { seed: 3 });
    const all: unknown[] = [];
    for await (const batch of changed.prefetch(2)) {
      all.push(batch);
    }
    return all;
  };
  const alone = await augmented(0);
  expect(alone).not.toEqual(await pass(0));
  for (const workers of [1, 2, 4]) {
    expect(await augmented(workers)).toEqual(alone);
  }
});

it("names the file that a thread cannot decode", async () => {
  await writeFile(join(folder, "dark", "000.png"), "no image");
  const error = await pass(2).catch((reason: Error) => reason);
  expect((error as Error).message).toMatch(/^dataset: map failed at element \d+: .*000\.png: begins with 6e 6f 20 69/);
  expect((error as { cause?: Error }).cause?.name).toBe("DatasetError");
});
