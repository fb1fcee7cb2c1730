import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FolderCache } from "./folderCache.js";

// No process has this number: Linux ends at 4,194,304.
const DEAD_PID = 99_999_999;

let folder: string;
let cache: FolderCache;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "convoy-cache-"));
  cache = new FolderCache(join(folder, "datasets", "toy"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const partial = { url: "http://a/x.gz", validator: '"1"', bytes: Uint8Array.of(1, 10, 3) };

describe("FolderCache", () => {
  test("reads what was written, and only that", async () => {
    expect(await cache.read("x.gz")).toBeUndefined();
    await cache.write("x.gz", Uint8Array.of(1, 2, 3));
    expect(await cache.read("x.gz")).toEqual(Uint8Array.of(1, 2, 3));
    expect(await readdir(cache.location)).toEqual(["x.gz"]);
    await cache.remove("x.gz");
    await cache.remove("x.gz");
    expect(await cache.read("x.gz")).toBeUndefined();
  });

  test("never shows a part of a file to a reader", async () => {
    const versions = [1, 2, 3, 4].map((value) => new Uint8Array(1_000_000).fill(value));
    await cache.write("x.gz", versions[0] as Uint8Array<ArrayBuffer>);
    let writing = true;
    const writers = versions.map(async (version) => {
      for (let turn = 0; turn < 5; turn++) {
        await cache.write("x.gz", version);
      }
    });
    const readers = [1, 2].map(async () => {
      while (writing) {
        const bytes = (await cache.read("x.gz")) as Uint8Array;
        expect(bytes.length).toBe(1_000_000);
        expect(bytes.every((value) => value === bytes[0])).toBe(true);
      }
    });
    await Promise.all(writers);
    writing = false;
    await Promise.all(readers);
    expect(await readdir(cache.location)).toEqual(["x.gz"]);
  });

  test("rejects a write to a place that cannot be written, and leaves nothing", async () => {
    await writeFile(join(folder, "datasets"), "a file where the folder should be");
    await expect(cache.write("x.gz", Uint8Array.of(1))).rejects.toThrow(/ENOTDIR|EEXIST/);
    const keeper = await cache.keepPartial("x.gz", partial);
    await keeper.append(Uint8Array.of(1));
    await keeper.release();
    expect(await cache.takePartial("x.gz")).toBeUndefined();
  });

  test("gives a released transfer to the next taker, once", async () => {
    const keeper = await cache.keepPartial("x.gz", partial);
    await keeper.append(Uint8Array.of(4, 5));
    expect(await cache.takePartial("x.gz")).toBeUndefined(); // still at work
    await keeper.release();
    expect(await readdir(cache.location)).toEqual(["x.gz.part"]);
    const takers = await Promise.all([1, 2, 3, 4].map(() => cache.takePartial("x.gz")));
    expect(takers.filter((taken) => taken !== undefined)).toEqual([
      { ...partial, bytes: Uint8Array.of(1, 10, 3, 4, 5) },
    ]);
    expect(await readdir(cache.location)).toEqual([]);
  });

  test("takes over what a dead process left, the longest transfer first, and leaves that of a live one", async () => {
    await mkdir(cache.location, { recursive: true });
    const head = `${JSON.stringify({ url: "http://a/x.gz" })}\n`;
    await writeFile(join(cache.location, `x.gz.${DEAD_PID}-0a.part`), `${head}12`);
    await writeFile(join(cache.location, `x.gz.${DEAD_PID}-0b.part`), `${head}12345`);
    await writeFile(join(cache.location, `x.gz.${process.pid}-0c.part`), `${head}123456789`);
    await writeFile(join(cache.location, `other.gz.${DEAD_PID}-0d.part`), `${head}123456789`);
    const taken = await cache.takePartial("x.gz");
    expect(taken?.bytes).toEqual(new TextEncoder().encode("12345"));
    expect((await readdir(cache.location)).sort()).toEqual([
      `other.gz.${DEAD_PID}-0d.part`,
      `x.gz.${process.pid}-0c.part`,
    ]);
  });

  test("forgets a transfer whose first line was cut off", async () => {
    await mkdir(cache.location, { recursive: true });
    await writeFile(join(cache.location, "x.gz.part"), '{"url":"http:');
    expect(await cache.takePartial("x.gz")).toBeUndefined();
    expect(await readdir(cache.location)).toEqual([]);
  });

  test("sweeps away the half-written files of dead processes", async () => {
    await mkdir(cache.location, { recursive: true });
    await writeFile(join(cache.location, `x.gz.${DEAD_PID}-0a.tmp`), "half");
    await cache.write("x.gz", Uint8Array.of(1));
    expect(await readdir(cache.location)).toEqual(["x.gz"]);
  });
});
