import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { store } from "#dataset-store";
import { ArgumentError, DatasetError } from "../errors.js";
import { cifar10, cifar100, loadCifarImages } from "./cifar.js";
import { type CifarSet, cifar10Set, cifar100Set } from "./cifarSets.js";
import type { DatasetOptions } from "./loading.js";
import { makeTar } from "./testing/makeTar.js";

const dataDir = process.env.CONVOY_DATA_DIR;
const hasSubset = dataDir !== undefined && existsSync(join(dataDir, "cifar-10-jpeg-subset"));

describe("the JPEG subset of CIFAR-10", () => {
  if (!hasSubset) {
    console.log(
      "Skipped: CIFAR-10 (JPEG subset), as CONVOY_DATA_DIR is not a folder with cifar-10-jpeg-subset/ in it.",
    );
  }

  test.skipIf(!hasSubset)("loads under its own name", async () => {
    const print = vi.spyOn(store, "print").mockReturnValue();
    const { name, train, test: held, classNames } = await cifar10({ download: false });
    expect(print.mock.calls.flat()).toEqual([
      `CIFAR-10 is not here; this is CIFAR-10 (JPEG subset) in its place, from ${dataDir}`,
    ]);
    print.mockRestore();
    expect(name).toBe("CIFAR-10 (JPEG subset)");
    expect(classNames[3]).toBe("cat");
    expect(train.images.shape).toEqual([10_000, 32, 32, 3]);
    expect(held.images.shape).toEqual([2000, 32, 32, 3]);
    const counts = new Array(10).fill(0);
    train.labels.data.forEach((label) => {
      counts[label]++;
    });
    expect(counts).toEqual(new Array(10).fill(1000));
    // The published means of red, green and blue: 0.4914, 0.4822, 0.4465.
    const sums = [0, 0, 0];
    train.images.data.forEach((value, index) => {
      sums[index % 3] = (sums[index % 3] as number) + value;
    });
    const means = sums.map((sum) => sum / (train.images.data.length / 3) / 255);
    expect(means[0]).toBeCloseTo(0.4914, 1);
    expect(means[1]).toBeCloseTo(0.4822, 1);
    expect(means[2]).toBeCloseTo(0.4465, 1);
    expect((means[0] as number) > (means[2] as number)).toBe(true);
  });

  test.skipIf(!hasSubset)("is found in a folder that is named", async () => {
    const folder = join(dataDir as string, "cifar-10-jpeg-subset");
    const { name, train } = await cifar10({ dataDir: folder, download: false, verbose: 0 });
    expect(name).toBe("CIFAR-10 (JPEG subset)");
    expect(train.labels.shape).toEqual([10_000]);
  });
});

const recordOf = (labels: readonly number[], first: number): Uint8Array =>
  Uint8Array.from([...labels, ...Array.from({ length: 3072 }, (_, index) => (first + index) % 256)]);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const contents: Record<string, Uint8Array> = {
  "data_1.bin": Buffer.concat([recordOf([1, 7], 0), recordOf([0, 3], 50)]),
  "data_2.bin": recordOf([1, 9], 100),
  "test.bin": recordOf([0, 2], 200),
};
const archive = new Uint8Array(
  gzipSync(makeTar({ "toy/readme.html": Buffer.from("hello"), ...byPath("toy", contents) })),
);
const fileOf = (name: string) => ({
  name,
  records: (contents[name] as Uint8Array).length / 3074,
  sha256: sha256(contents[name] as Uint8Array),
});
const small = { name: "test.bin", records: 1, sha256: sha256(recordOf([1, 1], 1)) };

/** A set of two files and one, whose records have two labels. */
const toy: CifarSet = {
  title: "Toy",
  mirrors: [],
  archive: { name: "toy.tar.gz", packedBytes: archive.length, sha256: sha256(archive) },
  labels: [
    { name: "coarse label", classNames: ["a", "b"] },
    { name: "fine label", classNames: "0 1 2 3 4 5 6 7 8 9".split(" ") },
  ],
  published: {
    name: "Toy",
    folders: ["toy"],
    train: ["data_1.bin", "data_2.bin"].map(fileOf),
    test: [fileOf("test.bin")],
  },
  subsets: [{ name: "Toy (small)", folders: ["toy-small"], train: [fileOf("data_1.bin")], test: [small] }],
};

function byPath(folder: string, files: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]));
}

describe("CIFAR's format", () => {
  let folder: string;
  let server: Server | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "convoy-cifar-"));
    vi.stubEnv("CONVOY_DATA_DIR", "");
    vi.stubEnv("CONVOY_CACHE_DIR", join(folder, "cache"));
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    server?.closeAllConnections();
    server?.close();
    server = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  async function put(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
    for (const [path, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), bytes);
    }
  }

  const load = (options: DatasetOptions = {}, label = 1) =>
    loadCifarImages(toy, label, { dataDir: folder, download: false, verbose: 0, ...options }, store);

  test("is records of labels and planes of colours", async () => {
    await put(byPath("toy", contents));
    const { name, train, test: held, classNames } = await load();
    expect(name).toBe("Toy");
    expect(train.images.shape).toEqual([3, 32, 32, 3]);
    expect(train.images.scale).toBe(1 / 255);
    expect(train.labels.data).toEqual(Int32Array.of(7, 3, 9));
    expect(held.labels.data).toEqual(Int32Array.of(2));
    expect(classNames).toHaveLength(10);
    // Pixel 33 of the second image: bytes 33, 1024 + 33 and 2048 + 33 of its record, which count up from 50.
    expect([...train.images.data.subarray(3072 + 99, 3072 + 102)]).toEqual([83, 83, 83]);
    expect([...train.images.data.subarray(0, 6)]).toEqual([0, 0, 0, 1, 1, 1]);
    expect((await load({}, 0)).train.labels.data).toEqual(Int32Array.of(1, 0, 1));
  });

  test("is found plain, packed, and in the archive, each checked", async () => {
    await put({ "data_1.bin": contents["data_1.bin"]!, "data_2.bin.gz": gzipSync(contents["data_2.bin"]!) });
    await put({ "test.bin": contents["test.bin"]! });
    expect((await load()).train.labels.shape).toEqual([3]);
    await rm(join(folder, "test.bin"));
    await expect(load()).rejects.toThrow(`${folder}: has data_1.bin, data_2.bin, but not test.bin; add it`);
    await put({ "toy/toy.tar.gz": archive });
    expect((await load()).train.labels.data).toEqual(Int32Array.of(7, 3, 9));
    await put({ "toy/toy.tar.gz": archive.map((byte, index) => (index === 400 ? byte ^ 1 : byte)) });
    await expect(load()).rejects.toThrow("not the published toy.tar.gz of Toy: sha256");
  });

  test("is downloaded as an archive once", async () => {
    let requests = 0;
    server = createServer((request, response) => {
      requests++;
      response.end(request.url === "/toy.tar.gz" ? archive : "");
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const mirrors = [`http://127.0.0.1:${(server.address() as AddressInfo).port}/`];
    for (let turn = 0; turn < 2; turn++) {
      const { train } = await load({ download: true, mirrors });
      expect(train.labels.data).toEqual(Int32Array.of(7, 3, 9));
    }
    expect(requests).toBe(1);
    expect(await readdir(join(folder, "cache", "datasets", "toy"))).toEqual(["toy.tar.gz"]);
  });

  test("has subsets that are known by name, and taken only in place of a set that is not here", async () => {
    await put(byPath("toy-small", { "data_1.bin": contents["data_1.bin"]!, "test.bin": recordOf([1, 1], 1) }));
    const { name, train, test: held } = await load();
    expect(name).toBe("Toy (small)");
    expect(train.labels.data).toEqual(Int32Array.of(7, 3));
    expect(held.labels.data).toEqual(Int32Array.of(1));
    await put({ "toy.tar.gz": archive });
    expect((await load()).name).toBe("Toy");
  });

  test("may hold anything without verify, and the name says so", async () => {
    await put(byPath("toy", { "data_1.bin": recordOf([0, 5], 3), "test.bin": recordOf([1, 6], 4) }));
    const { name, train } = await load({ verify: false });
    expect(name).toBe("Toy (not verified)");
    expect(train.labels.data).toEqual(Int32Array.of(5));
    await expect(load()).rejects.toThrow(
      /data_1\.bin: not the published data_1\.bin of Toy: sha256|has data_1\.bin, test\.bin/,
    );
  });

  test.each<[string, Uint8Array, string]>([
    ["half a record", recordOf([0, 5], 3).subarray(0, 3000), "has 3000 bytes, expected a multiple of 3074"],
    ["a label that is no class", recordOf([0, 10], 3), "byte 1: fine label 10, expected 0 to 9"],
    ["no records", new Uint8Array(0), "has 0 bytes, expected a multiple of 3074"],
  ])("does not allow %s", async (_, bytes, message) => {
    await put(byPath("toy", { ...contents, "data_1.bin": bytes }));
    const loading = load({ verify: false });
    await expect(loading).rejects.toThrow(DatasetError);
    await expect(loading).rejects.toThrow(`${join(folder, "toy", "data_1.bin")}: ${message}`);
  });

  test("says where it looked", async () => {
    await expect(load()).rejects.toThrow(
      /^Toy: toy\.tar\.gz is not here and cannot be downloaded\. Tried:\n {2}- CONVOY/,
    );
    await expect(load()).rejects.toThrow("Set CONVOY_DATA_DIR to a folder with toy.tar.gz, or use syntheticDigits()");
  });
});

test("the published sets have their sizes, classes and digests", async () => {
  for (const [set, train, classes] of [
    [cifar10Set, 50_000, [10]],
    [cifar100Set, 50_000, [20, 100]],
  ] as const) {
    expect(set.published.train.reduce((sum, { records }) => sum + records, 0)).toBe(train);
    expect(set.published.test.map(({ records }) => records)).toEqual([10_000]);
    expect(set.labels.map(({ classNames }) => new Set(classNames).size)).toEqual(classes);
    for (const { sha256: digest } of [set.archive, ...set.published.train, ...set.published.test]) {
      expect(digest).toMatch(/^[0-9a-f]{64}$/);
    }
  }
  await expect(cifar100({ labelMode: "both" as "fine" })).rejects.toThrow(ArgumentError);
});
