import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { store } from "#dataset-store";
import { DatasetError } from "../errors.js";
import { fashionMnist, kmnist, loadMnistFormat, mnist } from "./mnist.js";
import { fashionMnistFiles, kmnistFiles, mnistFiles } from "./publishedSets.js";

const dataDir = process.env.CONVOY_DATA_DIR;
const hasMnist = dataDir !== undefined && existsSync(join(dataDir, "mnist"));

describe("the real MNIST", () => {
  if (!hasMnist) {
    console.log("Skipped: the real MNIST, as CONVOY_DATA_DIR is not a folder with mnist/ in it.");
  }

  test.skipIf(!hasMnist)("loads whole, as published", async () => {
    const { train, test: held, classNames } = await mnist({ download: false });
    expect(classNames).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    expect(train.images.shape).toEqual([60_000, 28, 28, 1]);
    expect(held.images.shape).toEqual([10_000, 28, 28, 1]);
    expect(train.images.scale).toBe(1 / 255);
    expect(train.images.data).toHaveLength(60_000 * 28 * 28);
    expect(train.labels.shape).toEqual([60_000]);
    expect([...train.labels.data.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect([...held.labels.data.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    // The published mean, 0.1307.
    const sum = train.images.data.reduce((total, value) => total + value, 0);
    expect(sum / train.images.data.length / 255).toBeCloseTo(0.1307, 4);
  });
});

/** An IDX file of bytes. */
function idx(shape: readonly number[], data: Uint8Array, typeCode = 8): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, typeCode, shape.length]);
  shape.forEach((size, axis) => {
    header.writeUInt32BE(size, 4 + 4 * axis);
  });
  return Buffer.concat([header, data]);
}

describe("MNIST's format", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "convoy-mnist-"));
    vi.stubEnv("CONVOY_DATA_DIR", folder);
    vi.stubEnv("CONVOY_CACHE_DIR", join(folder, "cache"));
    for (const set of ["mnist", "fashion-mnist", "kmnist"]) {
      await mkdir(join(folder, set));
      await put(
        `${set}/train-images-idx3-ubyte`,
        idx(
          [3, 2, 2],
          Uint8Array.from({ length: 12 }, (_, index) => index),
        ),
      );
      await put(`${set}/train-labels-idx1-ubyte.gz`, gzipSync(idx([3], Uint8Array.of(9, 0, 4))));
      await put(`${set}/t10k-images-idx3-ubyte.gz`, gzipSync(idx([1, 2, 2], Uint8Array.of(255, 254, 253, 252))));
      await put(`${set}/t10k-labels-idx1-ubyte`, idx([1], Uint8Array.of(7)));
    }
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });

  async function put(name: string, bytes: Uint8Array): Promise<void> {
    await writeFile(join(folder, name), bytes);
  }

  test.each([
    ["mnist", mnist, "4"],
    ["fashionMnist", fashionMnist, "Coat"],
    ["kmnist", kmnist, "na"],
  ])("is what %s reads", async (_, load, nameOfFour) => {
    const { train, test: held, classNames } = await load({ verify: false, download: false });
    expect(train.images).toEqual({
      data: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
      shape: [3, 2, 2, 1],
      scale: 1 / 255,
    });
    expect(train.labels).toEqual({ data: Int32Array.of(9, 0, 4), shape: [3] });
    expect(held.images.shape).toEqual([1, 2, 2, 1]);
    expect(held.labels.data).toEqual(Int32Array.of(7));
    expect(classNames).toHaveLength(10);
    expect(classNames[4]).toBe(nameOfFour);
  });

  test("is not enough without verify: false", async () => {
    await expect(mnist({ download: false })).rejects.toThrow(
      "not the published train-images-idx3-ubyte of MNIST: sha256",
    );
    await expect(kmnist({ download: false })).rejects.toThrow(
      "not the published train-images-idx3-ubyte of KMNIST: md5",
    );
  });

  test.each([
    [
      "images and labels that differ in number",
      "train-labels-idx1-ubyte.gz",
      idx([2], Uint8Array.of(1, 2)),
      /train-images-idx3-ubyte has 3 images, but .*train-labels-idx1-ubyte\.gz has 2 labels/,
    ],
    [
      "a label that is no class",
      "train-labels-idx1-ubyte.gz",
      idx([3], Uint8Array.of(1, 10, 2)),
      /train-labels-idx1-ubyte\.gz: byte 9: label 10, expected 0 to 9/,
    ],
    [
      "labels where images should be",
      "train-images-idx3-ubyte",
      idx([3], Uint8Array.of(1, 2, 3)),
      /train-images-idx3-ubyte: byte 2: expected uint8 images \[N,H,W\], found uint8 \[3\]/,
    ],
    [
      "numbers of another type",
      "train-images-idx3-ubyte",
      idx([1, 1, 1], Uint8Array.of(0, 0, 0, 1), 0x0c),
      /expected uint8 images \[N,H,W\], found int32 \[1,1,1\]/,
    ],
    [
      "a truncated file",
      "train-images-idx3-ubyte",
      idx([3, 2, 2], new Uint8Array(11)),
      /train-images-idx3-ubyte: the header declares \[3,2,2\] of uint8, so the file must end at byte 28, but it ends at byte 27/,
    ],
  ])("does not allow %s", async (_, name, bytes, message) => {
    await put(`mnist/${name}`, bytes);
    const loading = mnist({ verify: false, download: false });
    await expect(loading).rejects.toThrow(DatasetError);
    await expect(loading).rejects.toThrow(message);
  });

  test("passes any set with its own digests", async () => {
    const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    const labels = idx([1], Uint8Array.of(0));
    const images = idx([1, 1, 1], Uint8Array.of(9));
    const file = (name: string, bytes: Uint8Array) => ({
      name,
      packedBytes: 0,
      unpackedBytes: bytes.length,
      packedSha256: "",
      content: { algorithm: "sha256" as const, digest: sha(bytes) },
    });
    const files = {
      trainImages: file("i", images),
      trainLabels: file("l", labels),
      testImages: file("i", images),
      testLabels: file("l", labels),
    };
    await put("i", images);
    await put("l", labels);
    const set = { title: "Own", folder: "own", mirrors: [], files };
    const { train } = await loadMnistFormat(set, ["only"], { download: false }, store);
    expect(train.images.shape).toEqual([1, 1, 1, 1]);
  });
});

test("the published sets name their files, digests and mirrors", () => {
  for (const set of [mnistFiles, fashionMnistFiles, kmnistFiles]) {
    expect(Object.values(set.files).map(({ name }) => name)).toEqual([
      "train-images-idx3-ubyte",
      "train-labels-idx1-ubyte",
      "t10k-images-idx3-ubyte",
      "t10k-labels-idx1-ubyte",
    ]);
    for (const { packedSha256, content } of Object.values(set.files)) {
      expect(packedSha256).toMatch(/^[0-9a-f]{64}$/);
      expect(content.digest).toMatch(content.algorithm === "md5" ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{64}$/);
    }
    expect(set.mirrors.length).toBeGreaterThan(1);
    expect(set.mirrors.every((mirror) => mirror.startsWith("http") && mirror.endsWith("/"))).toBe(true);
  }
});
