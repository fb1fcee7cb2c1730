import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendUnavailableError } from "@convoy/core/backend";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStore } from "./node.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "convoy-tuning-"));
});
afterAll(() => rm(folder, { recursive: true }));

it("keeps the choices of several devices in one file", async () => {
  const file = join(folder, "new", "choices.json");
  expect(await openStore(file).read("a")).toEqual({});
  await openStore(file).write("a", { one: "tiled", two: "registers" });
  await openStore(file).write("b", { one: "registers" });
  await openStore(file).write("a", { three: "tiled" });
  expect(await openStore(file).read("a")).toEqual({ one: "tiled", two: "registers", three: "tiled" });
  expect(JSON.parse(await readFile(file, "utf8")).b).toEqual({ one: "registers" });
});

it("says which file is damaged and what to do", async () => {
  const file = join(folder, "damaged.json");
  await writeFile(file, "{");
  const reading = openStore(file).read("a");
  await expect(reading).rejects.toThrow(BackendUnavailableError);
  await expect(reading).rejects.toThrow(/damaged.json is not JSON: .*Delete it/);
});

it.each(["null", "[]", '{"a":null}', '{"a":[]}', '{"a":{"key":5}}'])("refuses a file that holds %s", async (text) => {
  const file = join(folder, "other.json");
  await writeFile(file, text);
  const reading = openStore(file).read("a");
  await expect(reading).rejects.toThrow(BackendUnavailableError);
  await expect(reading).rejects.toThrow(/other.json holds no choices of kernels by device. Delete it/);
});

it("says which file cannot be written and what to do", async () => {
  const file = join(folder, "file");
  await writeFile(file, "");
  const writing = openStore(join(file, "inside")).write("a", {});
  await expect(writing).rejects.toThrow(BackendUnavailableError);
  await expect(writing).rejects.toThrow(/the tuning cache .*inside cannot be (read|written): .*Name another/);
});
