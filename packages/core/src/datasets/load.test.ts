import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { store } from "#dataset-store";
import { ArgumentError, DatasetError } from "../errors.js";
import { loadFiles, type PublishedSet } from "./load.js";
import type { DatasetOptions } from "./loading.js";

const content = new Uint8Array(Buffer.from("the numbers of the set"));
const packed = new Uint8Array(gzipSync(content));

/** A set of one file. */
const toy: PublishedSet<"numbers"> = {
  title: "Toy",
  folder: "toy",
  mirrors: ["http://127.0.0.1:9/none/"],
  files: {
    numbers: {
      name: "numbers-idx1-ubyte",
      packedBytes: packed.length,
      unpackedBytes: content.length,
      packedSha256: createHash("sha256").update(packed).digest("hex"),
      content: { algorithm: "sha256", digest: createHash("sha256").update(content).digest("hex") },
    },
  },
};

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "convoy-load-"));
  vi.stubEnv("CONVOY_DATA_DIR", "");
  vi.stubEnv("CONVOY_CACHE_DIR", join(folder, "cache"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

async function put(path: string, bytes: Uint8Array): Promise<string> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), bytes);
  return join(folder, path);
}

async function load(options: DatasetOptions = {}, set: PublishedSet<"numbers"> = toy) {
  const { numbers } = await loadFiles(set, { download: false, verbose: 0, ...options }, store);
  return { text: Buffer.from(numbers.bytes).toString(), source: numbers.source };
}

describe("lookup", () => {
  const text = "the numbers of the set";

  test.each(["numbers-idx1-ubyte", "numbers-idx1-ubyte.gz", "toy/numbers-idx1-ubyte", "toy/numbers-idx1-ubyte.gz"])(
    "finds %s in a folder",
    async (name) => {
      const path = await put(`data/${name}`, name.endsWith(".gz") ? packed : content);
      expect(await load({ dataDir: join(folder, "data") })).toEqual({ text, source: path });
      vi.stubEnv("CONVOY_DATA_DIR", join(folder, "data"));
      expect(await load()).toEqual({ text, source: path });
    },
  );

  test("prefers dataDir to CONVOY_DATA_DIR to the cache, and the set's own folder to the one above", async () => {
    const cached = await put("cache/datasets/toy/numbers-idx1-ubyte.gz", packed);
    expect((await load()).source).toContain(dirname(cached));
    const environment = await put("environment/numbers-idx1-ubyte", content);
    vi.stubEnv("CONVOY_DATA_DIR", join(folder, "environment"));
    expect((await load()).source).toBe(environment);
    const given = await put("given/numbers-idx1-ubyte", content);
    expect((await load({ dataDir: join(folder, "given") })).source).toBe(given);
    const own = await put("given/toy/numbers-idx1-ubyte.gz", packed);
    expect((await load({ dataDir: join(folder, "given") })).source).toBe(own);
  });

  test("takes cacheDir before CONVOY_CACHE_DIR", async () => {
    await put("mine/datasets/toy/numbers-idx1-ubyte.gz", packed);
    expect((await load({ cacheDir: join(folder, "mine") })).text).toBe(text);
  });

  test("takes the file as published, packed anew, or unpacked", async () => {
    const anew = gzipSync(content, { level: 1, memLevel: 1 });
    expect(anew.equals(packed)).toBe(false);
    for (const bytes of [packed, anew, content]) {
      await put("data/numbers-idx1-ubyte.gz", bytes);
      expect((await load({ dataDir: join(folder, "data") })).text).toBe(text);
    }
  });

  test("says where it looked and what to do when the file is nowhere", async () => {
    vi.stubEnv("CONVOY_DATA_DIR", join(folder, "nothing"));
    const error = await load({ dataDir: join(folder, "empty") }).catch((reason) => reason);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toBe(
      "Toy: numbers-idx1-ubyte is not here and cannot be downloaded. Tried:\n" +
        `  - dataDir ${folder}/empty: no numbers-idx1-ubyte or numbers-idx1-ubyte.gz in it or in its folder toy\n` +
        `  - CONVOY_DATA_DIR ${folder}/nothing: no numbers-idx1-ubyte or numbers-idx1-ubyte.gz in it or in its folder toy\n` +
        `  - cache ${folder}/cache/datasets/toy: no numbers-idx1-ubyte.gz\n` +
        "  - mirrors: not asked, as download is false\n" +
        "Set CONVOY_DATA_DIR to a folder with numbers-idx1-ubyte (plain or .gz), or use syntheticDigits(), which needs no files.",
    );
  });
});

describe("damage", () => {
  const other = new Uint8Array(Buffer.from("the numbers of my sets"));

  test("in a folder of the user's is an error that names file and digests", async () => {
    const path = await put("data/numbers-idx1-ubyte", other);
    const loading = load({ dataDir: join(folder, "data") });
    await expect(loading).rejects.toThrow(DatasetError);
    await expect(loading).rejects.toThrow(
      `${path}: not the published numbers-idx1-ubyte of Toy: sha256 of the 22 unpacked bytes is ${createHash("sha256").update(other).digest("hex")}, expected ${toy.files.numbers.content.digest}`,
    );
  });

  test("passes with verify: false", async () => {
    await put("data/numbers-idx1-ubyte", other);
    expect((await load({ dataDir: join(folder, "data"), verify: false })).text).toBe("the numbers of my sets");
  });

  test("straight in CONVOY_DATA_DIR means another set's files, and the search goes on", async () => {
    await put("data/numbers-idx1-ubyte", other);
    await put("cache/datasets/toy/numbers-idx1-ubyte.gz", packed);
    vi.stubEnv("CONVOY_DATA_DIR", join(folder, "data"));
    expect((await load()).source).toContain("cache");
    await put("data/toy/numbers-idx1-ubyte", other);
    await expect(load()).rejects.toThrow("not the published numbers-idx1-ubyte");
  });

  test("of a gzip file is told as such", async () => {
    const path = await put("data/numbers-idx1-ubyte.gz", packed.subarray(0, 20));
    await expect(load({ dataDir: join(folder, "data") })).rejects.toThrow(
      `${path}: not a complete gzip file (20 bytes): unexpected end of file`,
    );
  });

  test("in the cache deletes the file", async () => {
    const path = await put("cache/datasets/toy/numbers-idx1-ubyte.gz", other);
    await expect(load()).rejects.toThrow(`cache ${dirname(path)}: numbers-idx1-ubyte.gz: not the published`);
    expect(await readdir(dirname(path))).toEqual([]);
  });

  test("is found by MD5 where only that is published", async () => {
    const digest = createHash("md5").update(content).digest("hex");
    const files = {
      numbers: { ...toy.files.numbers, packedSha256: "", content: { algorithm: "md5" as const, digest } },
    };
    await put("data/numbers-idx1-ubyte.gz", packed);
    expect((await load({ dataDir: join(folder, "data") }, { ...toy, files })).text).toBe("the numbers of the set");
    await put("data/numbers-idx1-ubyte.gz", other);
    await expect(load({ dataDir: join(folder, "data") }, { ...toy, files })).rejects.toThrow(`expected ${digest}`);
  });
});

test.each([{ mirrors: [] }, { timeoutMs: 0 }, { timeoutMs: Number.NaN }, { retryDelayMs: -1 }, { verbose: 2 as 1 }])(
  "refuses %o",
  async (options) => {
    await expect(load(options)).rejects.toThrow(ArgumentError);
  },
);

test("leaves the user's files as they are", async () => {
  const path = await put("data/toy/numbers-idx1-ubyte.gz", packed);
  await load({ dataDir: join(folder, "data") });
  expect(new Uint8Array(await readFile(path))).toEqual(packed);
  expect(await readdir(folder)).toEqual(["data"]);
});
