import { describe, expect, test } from "vitest";
import { DatasetError } from "../errors.js";
import { type UntarOptions, untar } from "./tar.js";
import { makeTar } from "./testing/makeTar.js";

const content = (length: number, first: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (first + index) % 256);

const archive = makeTar({
  "set/": new Uint8Array(0),
  "set/readme.html": content(700, 1),
  "set/a.bin": content(1000, 2),
  "set/deep/b.bin": content(512, 3),
  "set/empty.bin": new Uint8Array(0),
});

/** The archive as it arrives: in pieces of any size. */
async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let start = 0; start < bytes.length; start += size) {
    yield bytes.subarray(start, start + size);
  }
}

async function read(bytes: Uint8Array, options: Partial<UntarOptions> = {}, pieces = 300) {
  const wanted = new Map([
    ["a.bin", 1000],
    ["b.bin", 1000],
    ["empty.bin", 10],
  ]);
  return untar(inPieces(bytes, pieces), { fileName: "set.tar", wanted, maxBytes: 10_000, ...options });
}

describe("untar", () => {
  test.each([1, 7, 512, 100_000])("takes out what is wanted from pieces of %i bytes", async (pieces) => {
    const files = await read(archive, {}, pieces);
    expect([...files.keys()]).toEqual(["a.bin", "b.bin", "empty.bin"]);
    expect(files.get("a.bin")).toEqual(content(1000, 2));
    expect(files.get("b.bin")).toEqual(content(512, 3));
    expect(files.get("empty.bin")).toHaveLength(0);
  });

  test("takes an archive without the blocks at its end", async () => {
    expect([...(await read(archive.subarray(0, -1024))).keys()]).toHaveLength(3);
  });

  test.each<[string, Uint8Array, Partial<UntarOptions>, string]>([
    ["another format", content(2000, 9), {}, "set.tar: byte 0: expected the header of a file in a tar archive"],
    ["a truncated archive", archive.subarray(0, 2800), {}, "set.tar: ends at byte 2800, within a.bin; truncated"],
    [
      "a file larger than it may be",
      archive,
      { wanted: new Map([["a.bin", 999]]) },
      "set.tar: its file a.bin has 1000 bytes, expected at most 999",
    ],
    ["more than it may hold", archive, { maxBytes: 1500 }, "set.tar: unpacks to more than 1500 bytes"],
  ])("refuses %s", async (_, bytes, options, message) => {
    await expect(read(bytes, options)).rejects.toThrow(DatasetError);
    await expect(read(bytes, options)).rejects.toThrow(message);
  });

  test("refuses a header that was changed", async () => {
    const changed = archive.slice();
    changed[512] = 65;
    await expect(read(changed)).rejects.toThrow("set.tar: byte 512: expected the header");
  });
});
