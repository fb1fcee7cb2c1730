import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { deflateRawSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crc32 } from "../crc32.js";
import { ArgumentError, DatasetError } from "../errors.js";
import { readLabelsCsv } from "./csv.js";
import { readIdx, readNpy, readNpz } from "./readFiles.js";
import { numpyFile } from "./testing/numpyFiles.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "convoy-read-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function put(name: string, content: Uint8Array | string): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

const idx = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9);

describe("readIdx takes", () => {
  const expected = { data: Uint8Array.of(7, 8, 9), shape: [3] };

  test("a path, a file: address, bytes, a Blob and an http address, plain or gzip", async () => {
    const path = await put("a.idx", idx);
    const packed = await put("a.idx.gz", gzipSync(idx));
    for (const source of [path, packed, pathToFileURL(path), idx, new Blob([idx]), new Blob([gzipSync(idx)])]) {
      expect(await readIdx(source)).toEqual(expected);
    }
    const server = createServer((request, response) => {
      response.statusCode = request.url === "/a.idx" ? 200 : 404;
      response.end(idx);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await readIdx(`${base}/a.idx`)).toEqual(expected);
    await expect(readIdx(`${base}/a.idx`, { maxBytes: 5 })).rejects.toThrow("has 11 bytes, more than 5 bytes");
    await expect(readIdx(`${base}/b.idx`)).rejects.toThrow(`${base}/b.idx: HTTP 404`);
    server.close();
  });

  test("no more bytes than it may", async () => {
    const bomb = gzipSync(Buffer.concat([idx, Buffer.alloc(1_000_000)]));
    await expect(readIdx(await put("bomb.gz", bomb))).rejects.toThrow(
      /bomb\.gz: its \d+ bytes unpack to more than 11 bytes, its header declares \[3\] of uint8/,
    );
    await expect(readIdx(await put("b.idx", idx), { maxBytes: 10 })).rejects.toThrow(
      "b.idx: has 11 bytes, more than 10 bytes, which maxBytes allows; pass a larger maxBytes if it is right",
    );
    await expect(readIdx(idx, { maxBytes: 10 })).rejects.toThrow("IDX file: has 11 bytes");
    await expect(readIdx(new Blob([idx]), { maxBytes: 10 })).rejects.toThrow(DatasetError);
  });

  test("no file that is not there, and nothing else", async () => {
    await expect(readIdx(join(folder, "none"))).rejects.toThrow(`IDX file: there is no file ${join(folder, "none")}`);
    await expect(readIdx(5 as unknown as string)).rejects.toThrow(ArgumentError);
    await expect(readIdx(idx, { maxBytes: 0 })).rejects.toThrow("maxBytes is 0");
  });
});

describe("readNpy", () => {
  test.each([
    ["float32", Float32Array.of(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5), [2, 3]],
    ["fortranFloat64", Float64Array.of(0, 1.5, 3, 4.5, 6, 7.5), [2, 3]],
    ["bigEndianInt16", Int32Array.of(0, -1000, -2000, -3000, -4000, -5000), [2, 3]],
    ["float16", Float32Array.of(0.5, -2, 65504, 2 ** -24, Infinity), [5]],
    ["int64", Int32Array.of(1, -5, 2 ** 31 - 1), [3]],
    ["wideInt64", Float64Array.of(1, 2 ** 40), [2]],
    ["bool", Uint8Array.of(1, 0, 1), [3]],
    ["scalar", Int32Array.of(7), []],
  ] as const)("reads NumPy's %s", async (name, data, shape) => {
    expect(await readNpy(numpyFile(name))).toEqual({ data, shape });
  });

  test.each<[string, Uint8Array, string]>([
    ["text", numpyFile("text"), 'NPY file: numbers of type "<U1" cannot be read; known types: b1, u1,'],
    ["integers that no number holds", numpyFile("tooWideInt64"), "holds integers beyond 2^53"],
    [
      "a truncated file",
      numpyFile("float32").subarray(0, -4),
      "so the file must end at byte 152, but it ends at byte 148",
    ],
    ["a file cut within its header", numpyFile("float32").subarray(0, 60), "ends at byte 60, within its header"],
    ["another format", idx, "byte 0: expected 0x93"],
  ])("refuses %s", async (_, bytes, message) => {
    await expect(readNpy(bytes)).rejects.toThrow(DatasetError);
    await expect(readNpy(bytes)).rejects.toThrow(message);
  });

  test("unpacks no more than its header declares", async () => {
    const bomb = gzipSync(Buffer.concat([numpyFile("float32"), Buffer.alloc(1_000_000)]));
    await expect(readNpy(bomb)).rejects.toThrow(/unpack to more than 152 bytes, its header declares \[2,3\] of "<f4"/);
  });
});

describe("readNpz", () => {
  test("reads what NumPy stored and deflated", async () => {
    expect(await readNpz(numpyFile("stored"))).toEqual({
      x: { data: Uint8Array.of(0, 1, 2, 3, 4, 5), shape: [2, 3] },
      y: { data: Int32Array.of(3, 4), shape: [2] },
    });
    const { x, y } = await readNpz(await put("a.npz", numpyFile("deflated")));
    expect(x).toEqual({ data: new Uint8Array(1000), shape: [10, 100] });
    expect(y?.data).toEqual(Int32Array.of(3, 4));
    expect(Object.keys(await readNpz(numpyFile("stored"), { names: ["y"] }))).toEqual(["y"]);
  });

  test("names the arrays that there are", async () => {
    await expect(readNpz(numpyFile("stored"), { names: ["z"] })).rejects.toThrow(
      'NPZ file: has no array "z"; it has "x", "y"',
    );
  });

  test("unpacks no more than it may, or than the archive declares", async () => {
    await expect(readNpz(numpyFile("deflated"), { maxBytes: 1000 })).rejects.toThrow(
      /NPZ file: its \d+ bytes unpack to 1264, as it declares, more than 1000 bytes, which maxBytes allows/,
    );
    const lying = makeZip({ name: "x.npy", content: Buffer.alloc(5_000_000), declaredBytes: 200 });
    await expect(readNpz(lying)).rejects.toThrow(
      /x\.npy: its \d+ bytes unpack to more than 200 bytes, as the archive's directory declares: stopped after/,
    );
  });

  test("finds damage", async () => {
    const changed = numpyFile("stored");
    changed[170] = 99;
    await expect(readNpz(changed)).rejects.toThrow(
      /x\.npy has \d+ bytes with the checksum \(CRC-32\) [0-9a-f]{8}, the archive's directory/,
    );
    await expect(readNpz(numpyFile("stored").subarray(0, 300))).rejects.toThrow(
      "NPZ file: not a zip archive, or truncated",
    );
    await expect(readNpz(makeZip({ name: "x.npy", content: Buffer.from("a"), method: 99 }))).rejects.toThrow(
      "x.npy is packed by method 99, expected stored or deflated",
    );
  });
});

/** A zip archive of one deflated file, which may declare what is not so. */
function makeZip(file: { name: string; content: Buffer; declaredBytes?: number; method?: number }): Uint8Array {
  const { name, content, declaredBytes = content.length, method = 8 } = file;
  const packed = deflateRawSync(content);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(method, 4);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(declaredBytes, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from([80, 75, 3, 4]), common, Buffer.from(name), packed]);
  const entry = Buffer.concat([Buffer.from([80, 75, 1, 2, 20, 0]), common, Buffer.alloc(14), Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length, 12);
  end.writeUInt32LE(local.length, 16);
  return new Uint8Array(Buffer.concat([local, entry, end]));
}

describe("readLabelsCsv", () => {
  const text = 'file,class\r\n"a, b.png",cat\r\nc.png,"the ""dog"""\r\n\r\nd.png,cat\r\n';

  test("reads classes by name", async () => {
    const { labels, classNames, columns } = await readLabelsCsv(await put("a.csv", text));
    expect(labels).toEqual({ data: Int32Array.of(0, 1, 0), shape: [3] });
    expect(classNames).toEqual(["cat", 'the "dog"']);
    expect(columns.file).toEqual(["a, b.png", "c.png", "d.png"]);
  });

  test("reads class numbers as they are, and takes columns, classes and delimiters", async () => {
    const numbers = await readLabelsCsv(Buffer.from("3;x\n0;y"), { header: false, delimiter: ";", column: 0 });
    expect(numbers.labels.data).toEqual(Int32Array.of(3, 0));
    expect(numbers.classNames).toEqual(["0", "1", "2", "3"]);
    const given = await readLabelsCsv(Buffer.from(text), { classNames: ['the "dog"', "cat"], column: "class" });
    expect(given.labels.data).toEqual(Int32Array.of(1, 0, 1));
  });

  test.each<[string, string, object, string]>([
    ["a row of another length", "a,b\n1,2\n3\n", {}, "CSV file: line 3: 1 values, expected 2 (a, b)"],
    ["no rows", "a,b\n", {}, "CSV file: has no rows below its header"],
    ["an empty file", "", {}, "CSV file: has no rows"],
    ["a label that is no class", "a\nx\ny", { classNames: ["x"] }, 'line 3: "y" is no class; classNames are "x"'],
    ["a quote that is never closed", 'a\n"x\ny', {}, "line 2: a value begins with a quote that no other closes"],
    ["text after a quote", 'a\n"x"y\n', {}, "line 2: text after a closing quote"],
  ])("refuses %s", async (_, csv, options, message) => {
    await expect(readLabelsCsv(Buffer.from(csv), options)).rejects.toThrow(DatasetError);
    await expect(readLabelsCsv(Buffer.from(csv), options)).rejects.toThrow(message);
  });

  test("refuses a column that is not there", async () => {
    await expect(readLabelsCsv(Buffer.from(text), { column: "label" })).rejects.toThrow(
      'readLabelsCsv: there is no column "label"; there are "file", "class"',
    );
  });
});
