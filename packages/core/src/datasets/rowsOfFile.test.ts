import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ArgumentError, DatasetError } from "../errors.js";
import { zip } from "../pipeline/index.js";
import type { Tensor } from "../tensor.js";
import { rowsOfFile } from "./rowsOfFile.js";
import { numpyFile } from "./testing/numpyFiles.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "convoy-rows-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function put(name: string, bytes: Uint8Array): Promise<string> {
  await writeFile(join(folder, name), bytes);
  return join(folder, name);
}

async function all(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const row of rows) {
    found.push(row);
  }
  return found;
}

/** More than one read takes: 3,000 rows of 1,000 bytes, the row's number in each. */
const large = Uint8Array.from([
  0,
  0,
  8,
  2,
  0,
  0,
  11,
  184,
  0,
  0,
  3,
  232,
  ...Array.from({ length: 3_000_000 }, (_, at) => Math.floor(at / 1000) % 251),
]);

describe("rowsOfFile", () => {
  test("gives the rows of NPY and IDX files, from paths, addresses and Blobs, pass after pass", async () => {
    const rows = [Float32Array.of(-2.5, -1.5, -0.5), Float32Array.of(0.5, 1.5, 2.5)].map((data) => ({
      data,
      shape: [3],
    }));
    const path = await put("a.npy", numpyFile("float32"));
    for (const source of [path, pathToFileURL(path), new Blob([numpyFile("float32")])]) {
      const file = rowsOfFile(source);
      expect(await all(file)).toEqual(rows);
      expect(await all(file)).toEqual(rows);
    }
    expect(await all(rowsOfFile(await put("labels.npy", numpyFile("int64"))))).toEqual(
      [1, -5, 2 ** 31 - 1].map((value) => ({ data: Int32Array.of(value), shape: [] })),
    );
    const found = (await all(rowsOfFile(await put("large", large)))) as Tensor[];
    expect(found).toHaveLength(3000);
    expect(found.every(({ data }, row) => data.length === 1000 && data.every((value) => value === row % 251))).toBe(
      true,
    );
    expect(found[0]!.data.buffer.byteLength).toBe(1000);
  });

  test("goes into batches with labels beside it", async () => {
    const images = rowsOfFile(await put("a.npy", numpyFile("float32")));
    const labels = rowsOfFile(await put("labels.npy", numpyFile("int64")));
    expect(await all(zip(images, labels).batch(2))).toEqual([
      [
        { data: Float32Array.of(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5), shape: [2, 3] },
        { data: Int32Array.of(1, -5), shape: [2] },
      ],
    ]);
  });

  test.each<[string, Uint8Array, string]>([
    ["a truncated file", large.subarray(0, -5), "so the file must end at byte 3000012, but it ends at byte 3000007"],
    ["a packed file", gzipSync(large), "byte 0: this is gzip data"],
    ["another format", Buffer.from("hello, world"), "byte 0: expected 0x0000, the start of an IDX file"],
    ["Fortran's order", numpyFile("fortranFloat64"), "is in Fortran's order"],
    ["a single number", numpyFile("scalar"), "holds a single number, expected rows"],
    ["an empty file", new Uint8Array(0), "ends at byte 0, within the magic number"],
  ])("refuses %s", async (_, bytes, message) => {
    const path = await put("bad", bytes);
    await expect(all(rowsOfFile(path))).rejects.toThrow(DatasetError);
    await expect(all(rowsOfFile(path))).rejects.toThrow(`${path}: `);
    await expect(all(rowsOfFile(path))).rejects.toThrow(message);
  });

  test("refuses what is no file", async () => {
    await expect(all(rowsOfFile(join(folder, "none")))).rejects.toThrow(/none: ENOENT/);
    expect(() => rowsOfFile(3 as unknown as string)).toThrow(ArgumentError);
  });
});
