import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, type Model, sequential } from "@convoy/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadModel, saveModel } from "./index.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "convoy-saving-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function modelWith(weight: number): Promise<Model> {
  const made = sequential([layers.input({ shape: [1] }), layers.dense({ units: 1, useBias: false })]);
  await made.setWeights([{ data: Float32Array.of(weight), shape: [1, 1] }]);
  return made;
}

async function weightOf(path: string): Promise<number> {
  return (await (await loadModel(path)).getWeights())[0]!.data[0]!;
}

const shards = (): string[] => readdirSync(folder).filter((name) => name.endsWith(".bin"));

test("a model that is there stays without overwrite", async () => {
  for (const [path, index] of [
    ["one.keras", "one.keras"],
    ["several/", "several/model.json"],
  ] as const) {
    await saveModel(await modelWith(1), join(folder, path), { overwrite: false });
    await expect(saveModel(await modelWith(2), join(folder, path), { overwrite: false })).rejects.toThrow(
      `${index} is there already, and overwrite is false`,
    );
    expect(await weightOf(join(folder, path))).toBe(1);
    await saveModel(await modelWith(3), join(folder, path));
    expect(await weightOf(join(folder, path))).toBe(3);
  }
});

describe("a model of several files saved again", () => {
  test("replaces the old one and leaves nothing of it", async () => {
    await saveModel(await modelWith(1), `${folder}/`);
    const [old] = shards();
    writeFileSync(join(folder, "mine.bin"), "not of the model");
    await saveModel(await modelWith(2), join(folder, "model.json"));
    expect(await weightOf(folder)).toBe(2);
    expect(existsSync(join(folder, old!))).toBe(false);
    expect(shards()).toHaveLength(2);
    expect(shards()).toContain("mine.bin");
    // The same weights have the same names, and stay.
    const before = readdirSync(folder);
    await saveModel(await modelWith(2), `${folder}/`);
    expect(readdirSync(folder)).toEqual(before);
    expect(await weightOf(folder)).toBe(2);
  });

  test("is the old one until model.json is replaced", async () => {
    await saveModel(await modelWith(1), `${folder}/`);
    // Its index cannot be written: that path is a folder there.
    const json = join(folder, "model.json");
    const text = readFileSync(json);
    rmSync(json);
    mkdirSync(json);
    await expect(saveModel(await modelWith(2), json)).rejects.toThrow(/is a folder/);
    rmSync(json, { recursive: true });
    writeFileSync(json, text);
    expect(shards()).toHaveLength(2);
    expect(await weightOf(folder)).toBe(1);
  });

  test("spares files that another model of the folder names", async () => {
    await saveModel(await modelWith(1), join(folder, "a.model.json"));
    await saveModel(await modelWith(1), join(folder, "b.model.json"));
    await saveModel(await modelWith(2), join(folder, "a.model.json"));
    expect(await weightOf(join(folder, "a.model.json"))).toBe(2);
    expect(await weightOf(join(folder, "b.model.json"))).toBe(1);
  });

  test.skipIf(process.platform === "win32")("removes nothing outside of its folder", async () => {
    const outside = mkdtempSync(join(tmpdir(), "convoy-outside-"));
    try {
      const secret = join(outside, "secret.bin");
      writeFileSync(secret, "kept");
      const own = join(folder, "model");
      mkdirSync(own);
      symlinkSync(outside, join(own, "link"));
      const paths = [secret, "../secret.bin", "link/secret.bin", "model.json", 7];
      writeFileSync(join(folder, "secret.bin"), "kept");
      writeFileSync(join(own, "model.json"), JSON.stringify({ weightsManifest: [{ paths }, null] }));
      await saveModel(await modelWith(3), `${own}/`);
      expect(readFileSync(secret, "utf8")).toBe("kept");
      expect(existsSync(join(folder, "secret.bin"))).toBe(true);
      expect(await weightOf(own)).toBe(3);
    } finally {
      rmSync(outside, { recursive: true });
    }
  });

  test("an old model.json that is damaged is replaced", async () => {
    writeFileSync(join(folder, "model.json"), "{");
    await saveModel(await modelWith(3), `${folder}/`);
    expect(await weightOf(folder)).toBe(3);
  });
});
