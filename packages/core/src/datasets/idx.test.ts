import { describe, expect, test } from "vitest";
import { DatasetError } from "../errors.js";
import { parseIdx } from "./idx.js";

/** An IDX file: magic number, sizes and data as given. */
function idx(typeCode: number, shape: readonly number[], data: readonly number[]): Uint8Array {
  const sizes = shape.flatMap((size) => [size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]);
  return Uint8Array.from([0, 0, typeCode, shape.length, ...sizes, ...data]);
}

function bigEndian(
  sizeBytes: number,
  values: readonly number[],
  write: (view: DataView, at: number, v: number) => void,
) {
  const view = new DataView(new ArrayBuffer(values.length * sizeBytes));
  values.forEach((value, index) => {
    write(view, index * sizeBytes, value);
  });
  return [...new Uint8Array(view.buffer)];
}

describe("parseIdx reads", () => {
  test("uint8 of three dimensions, without copying", () => {
    const bytes = idx(0x08, [2, 2, 3], [0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255]);
    const { data, shape } = parseIdx(bytes);
    expect(shape).toEqual([2, 2, 3]);
    expect(data).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255));
    expect(data.buffer).toBe(bytes.buffer);
  });

  test("a file that is a part of a larger buffer", () => {
    const padded = Uint8Array.from([9, 9, 9, ...idx(0x08, [2], [7, 8]), 9]);
    expect(parseIdx(padded.subarray(3, -1)).data).toEqual(Uint8Array.of(7, 8));
  });

  test("int8 and int16 as int32", () => {
    expect(parseIdx(idx(0x09, [3], [0x80, 0xff, 0x7f])).data).toEqual(Int32Array.of(-128, -1, 127));
    const data = bigEndian(2, [-32768, 300], (view, at, value) => view.setInt16(at, value));
    expect(parseIdx(idx(0x0b, [2], data)).data).toEqual(Int32Array.of(-32768, 300));
  });

  test("int32, float32 and float64", () => {
    const integers = bigEndian(4, [-5, 2 ** 31 - 1], (view, at, value) => view.setInt32(at, value));
    expect(parseIdx(idx(0x0c, [2], integers)).data).toEqual(Int32Array.of(-5, 2 ** 31 - 1));
    const singles = bigEndian(4, [0.5, -3.25], (view, at, value) => view.setFloat32(at, value));
    expect(parseIdx(idx(0x0d, [1, 2], singles))).toEqual({ data: Float32Array.of(0.5, -3.25), shape: [1, 2] });
    const doubles = bigEndian(8, [Math.PI], (view, at, value) => view.setFloat64(at, value));
    expect(parseIdx(idx(0x0e, [1], doubles)).data).toEqual(Float64Array.of(Math.PI));
  });

  test("no samples at all", () => {
    expect(parseIdx(idx(0x08, [0, 28, 28], []))).toEqual({ data: new Uint8Array(0), shape: [0, 28, 28] });
  });
});

describe("parseIdx refuses, naming file, byte, expectation and finding:", () => {
  const cases: [what: string, bytes: Uint8Array, message: string][] = [
    ["an empty file", new Uint8Array(0), "a.idx: ends at byte 0, within the magic number (4 bytes)"],
    ["a file cut within the magic number", Uint8Array.of(0, 0, 8), "a.idx: ends at byte 3, within the magic number"],
    [
      "another format",
      Uint8Array.from(Buffer.from("<!DOCTYPE html>")),
      "a.idx: byte 0: expected 0x0000, the start of an IDX file, found 0x3c21; not an IDX file",
    ],
    ["gzip data", Uint8Array.of(0x1f, 0x8b, 8, 0), "a.idx: byte 0: this is gzip data"],
    [
      "an unknown type",
      idx(0x0a, [1], [1]),
      "a.idx: byte 2: expected a type code, one of 0x08 (uint8), 0x09 (int8), 0x0b (int16), 0x0c (int32), 0x0d (float32), 0x0e (float64), found 0x0a",
    ],
    ["no dimensions", idx(0x08, [], []), "a.idx: byte 3: expected at least 1 dimension, found 0"],
    [
      "a file cut within the sizes",
      idx(0x08, [1, 2, 3], []).subarray(0, 11),
      "a.idx: ends at byte 11, within the sizes of its 3 dimensions (bytes 4 to 15)",
    ],
    [
      "truncated data",
      idx(0x08, [2, 3], [1, 2, 3, 4, 5]),
      "a.idx: the header declares [2,3] of uint8, so the file must end at byte 18, but it ends at byte 17: truncated",
    ],
    [
      "trailing bytes",
      idx(0x0d, [1], [0, 0, 0, 0, 1, 2]),
      "a.idx: the header declares [1] of float32, so the file must end at byte 12, but it ends at byte 14: followed by 2 bytes too many",
    ],
    [
      "sizes that overflow anything",
      idx(0x08, [0xffffffff, 0xffffffff, 0xffffffff], []),
      "a.idx: the header declares [4294967295,4294967295,4294967295] of uint8",
    ],
  ];
  test.each(cases)("%s", (_, bytes, message) => {
    expect(() => parseIdx(bytes, "a.idx")).toThrow(DatasetError);
    expect(() => parseIdx(bytes, "a.idx")).toThrow(message);
  });
});
