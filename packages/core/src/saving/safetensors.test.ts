import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ArgumentError, ModelFileError } from "../errors.js";
import { jsonKeys } from "./jsonKeys.js";
import * as safetensors from "./safetensors.js";

/** A file from its header and its data, as they are. */
function file(header: string | object, data: readonly number[] = [], length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const tensor = (dtype: string, shape: readonly unknown[], begin: unknown, end: unknown): object => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe("reading", () => {
  it("gives tensors in the header's order, and strings", () => {
    const bytes = file(
      { 2: tensor("U8", [2], 4, 6), 1: tensor("F32", [], 0, 4), __metadata__: { by: "hand" } },
      [0, 0, 0x80, 0x3f, 7, 8],
    );
    const { tensors, metadata } = safetensors.read(bytes);
    expect([...metadata]).toEqual([["by", "hand"]]);
    // JSON.stringify writes names that are numbers first and in their order.
    expect([...tensors.keys()]).toEqual(["1", "2"]);
    expect(safetensors.numbers(tensors.get("1")!)).toEqual(Float32Array.of(1));
    expect(safetensors.numbers(tensors.get("2")!)).toEqual(Uint8Array.of(7, 8));
    const swapped = file(
      `{"2":${JSON.stringify(tensor("U8", [1], 1, 2))},"1":${JSON.stringify(tensor("U8", [1], 0, 1))}}`,
      [5, 6],
    );
    expect(
      [...safetensors.read(swapped).tensors].map(
        ([
          name,
          {
            bytes: [value],
          },
        ]) => [name, value],
      ),
    ).toEqual([
      ["2", 6],
      ["1", 5],
    ]);
  });

  it("gives every type of number, wherever the data begin", () => {
    const types: readonly [string, readonly number[], ArrayLike<number | bigint>, readonly number[]][] = [
      ["BOOL", [0, 1], Uint8Array.of(0, 1), [0, 1]],
      ["U8", [255, 0], Uint8Array.of(255, 0), [255, 0]],
      ["I8", [255, 1], Int8Array.of(-1, 1), [-1, 1]],
      ["U16", [1, 2, 255, 255], Uint16Array.of(513, 65535), [513, 65535]],
      ["I16", [255, 255, 0, 128], Int16Array.of(-1, -32768), [-1, -32768]],
      ["U32", [1, 0, 0, 128], Uint32Array.of(2147483649), [2147483648]],
      ["I32", [254, 255, 255, 255], Int32Array.of(-2), [-2]],
      ["U64", [255, 0, 0, 0, 0, 0, 0, 0], BigUint64Array.of(255n), [255]],
      ["I64", [255, 255, 255, 255, 255, 255, 255, 255], BigInt64Array.of(-1n), [-1]],
      ["F32", [0, 0, 32, 193], Float32Array.of(-10), [-10]],
      ["F64", [0, 0, 0, 0, 0, 0, 240, 63], Float64Array.of(1), [1]],
      // Halves: 1, -2, the smallest subnormal, the largest number, infinity.
      [
        "F16",
        [0, 60, 0, 192, 1, 0, 255, 123, 0, 124],
        Float32Array.of(1, -2, 2 ** -24, 65504, Infinity),
        [1, -2, 2 ** -24, 65504, Infinity],
      ],
      // bfloat16: 1, -2, 3.140625, the smallest normal number, infinity.
      [
        "BF16",
        [128, 63, 0, 192, 73, 64, 128, 0, 128, 127],
        Float32Array.of(1, -2, 3.140625, 2 ** -126, Infinity),
        [1, -2, 3.140625, 2 ** -126, Infinity],
      ],
    ];
    for (const [dtype, data, expected, asFloats] of types) {
      for (const padding of ["", " ", "  ", "   "]) {
        const header = `${JSON.stringify({ x: tensor(dtype, [expected.length], 0, data.length) })}${padding}`;
        const stored = safetensors.read(file(header, data)).tensors.get("x")!;
        expect(safetensors.numbers(stored)).toEqual(expected);
        expect([...safetensors.float32Numbers(stored)]).toEqual(asFloats);
      }
    }
    const nan = safetensors.read(
      file({ x: tensor("F16", [1], 0, 2), y: tensor("BF16", [1], 2, 4) }, [1, 124, 192, 127]),
    );
    expect([...nan.tensors.values()].map(safetensors.numbers)).toEqual([
      Float32Array.of(Number.NaN),
      Float32Array.of(Number.NaN),
    ]);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(0), /this is no safetensors file: it has 0 bytes/],
    ["a few bytes", Uint8Array.of(1, 2, 3), /it has 3 bytes/],
    [
      "a header longer than the file",
      file("{}", [], 3n),
      /by its first 8 bytes the header has 3 bytes, of which there are 2/,
    ],
    ["a header longer than anything", file("{}", [], 2n ** 64n - 1n), /the header has 18446744073709551615 bytes/],
    ["a header that is no JSON", file("{"), /bytes 8 to 9 are no JSON in UTF-8/],
    ["a header that is no UTF-8", file("{}", [], 2n).fill(0xff, 8), /are no JSON in UTF-8/],
    ["a header that is no object", file("[]"), /the header is no JSON object/],
    ["metadata that are no strings", file({ __metadata__: { a: 1 } }), /__metadata__ "a" is no string/],
    ["metadata that are no object", file({ __metadata__: "a" }), /__metadata__ is no JSON object/],
    ["a tensor that is no object", file({ a: 1 }), /tensor "a" is no JSON object/],
    ["an unknown type", file({ a: tensor("F8", [1], 0, 1) }, [0]), /tensor "a" has dtype "F8", expected BOOL, U8/],
    ["a type that objects have by nature", file({ a: tensor("toString", [1], 0, 1) }, [0]), /has dtype "toString"/],
    ["a negative size", file({ a: tensor("U8", [-1], 0, 1) }, [0]), /tensor "a" has shape \[-1\]/],
    ["a size that is no integer", file({ a: tensor("U8", [0.5], 0, 1) }, [0]), /has shape \[0.5\]/],
    [
      "an offset below 0",
      file({ a: tensor("U8", [1], -1, 0) }, [0]),
      /has data_offsets \[-1,0\], expected \[begin, end\]/,
    ],
    ["an offset that is no number", file({ a: tensor("U8", [1], "0", 1) }, [0]), /has data_offsets \["0",1\]/],
    [
      "an end before the beginning",
      file({ a: tensor("U8", [1], 1, 0) }, [0]),
      /\[1,0\], which are not within the 1 bytes/,
    ],
    [
      "an end beyond the file",
      file({ a: tensor("U8", [2], 0, 2) }, [0]),
      /not within the 1 bytes of data. The file may be cut off/,
    ],
    [
      "a shape of another size",
      file({ a: tensor("F32", [2], 0, 4) }, [0, 0, 0, 0]),
      /takes 8 bytes, its data_offsets \[0,4\] have 4/,
    ],
    [
      "a shape beyond all sizes",
      file({ a: tensor("F32", [2 ** 50, 2 ** 50], 0, 4) }, [0, 0, 0, 0]),
      /takes 5\.07\S+ bytes/,
    ],
    [
      "an overlap",
      file({ a: tensor("U8", [2], 0, 2), b: tensor("U8", [2], 1, 3) }, [0, 0, 0]),
      /tensor "b" .* overlaps the tensor before it/,
    ],
    [
      "a gap",
      file({ a: tensor("U8", [1], 0, 1), b: tensor("U8", [1], 2, 3) }, [0, 0, 0]),
      /tensor "b" .* leaves a gap from 1 on/,
    ],
    [
      "data that no tensor has",
      file({ a: tensor("U8", [1], 0, 1) }, [0, 0]),
      /the tensors end at byte 1 of the data, of which there are 2/,
    ],
    ["a name twice", file(`{"a":${JSON.stringify(tensor("U8", [1], 0, 1))},"\\u0061":1}`, [0]), /"a" is there twice/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => safetensors.read(bytes)).toThrow(ModelFileError);
    expect(() => safetensors.read(bytes)).toThrow(message);
  });

  it("finds the keys of JSON as they stand there", () => {
    const json = ' { "a\\"}" : {"x":[1,{"y":2}],"z":"{\\\\"}, "b":[{"c":1}], "a\\"}":"," , "":null } ';
    expect(jsonKeys(json)).toEqual(['a"}', "b", 'a"}', ""]);
    expect(jsonKeys("{}")).toEqual([]);
  });
});

describe("writing", () => {
  it("is undone by reading, for every type and for names and strings of any kind", () => {
    const all = new Map<string, safetensors.WritableTensor>([
      ["bytes", { data: Uint8Array.of(1, 2, 3), shape: [3, 1] }],
      ["__proto__", { data: Float32Array.of(1.5, Number.NaN), shape: [2] }],
      ["1", { data: Int32Array.of(-7), shape: [] }],
      ['a/"b"\n\u{1f600}', { data: Float64Array.of(Math.PI), shape: [1] }],
      ["none", { data: new Int16Array(0), shape: [0, 4] }],
      ["i8", { data: Int8Array.of(-1), shape: [1] }],
      ["u16", { data: Uint16Array.of(9), shape: [1] }],
      ["u32", { data: Uint32Array.of(9), shape: [1] }],
      ["i64", { data: BigInt64Array.of(-9n), shape: [1] }],
      ["u64", { data: BigUint64Array.of(9n), shape: [1] }],
    ]);
    const metadata = { format: "test", 'quote"': '\\ {"a":[1]}' };
    const bytes = safetensors.write({ tensors: all, metadata });
    const again = safetensors.read(bytes);
    expect(Object.fromEntries(again.metadata)).toEqual(metadata);
    expect(again.tensors.size).toBe(all.size);
    for (const [name, { data, shape }] of all) {
      const stored = again.tensors.get(name)!;
      expect(stored.shape).toEqual(shape);
      expect(safetensors.numbers(stored)).toEqual(data);
      // No copy is needed to read it.
      expect(safetensors.numbers(stored).buffer).toBe(bytes.buffer);
    }
  });

  it("writes what the format's own description says", () => {
    const bytes = safetensors.write({ tensors: [["x", { data: Uint8Array.of(9), shape: [1] }]] });
    const header = '{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}   ';
    expect([...bytes]).toEqual([56, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(header), 9]);
  });

  it("refuses what cannot be read again", () => {
    const one = { data: Uint8Array.of(9), shape: [1] };
    const twice: [string, safetensors.WritableTensor][] = [
      ["x", one],
      ["x", one],
    ];
    expect(() => safetensors.write({ tensors: twice })).toThrow(ArgumentError);
    expect(() => safetensors.write({ tensors: twice })).toThrow(/two tensors named "x"/);
    expect(() => safetensors.write({ tensors: [["__metadata__", one]] })).toThrow(ArgumentError);
    expect(() => safetensors.write({ tensors: [["x", { ...one, shape: [2] }]] })).toThrow(
      /"x" has 1 numbers, shape \[2\] needs 2/,
    );
    const clamped = { data: Uint8ClampedArray.of(1) as unknown as Uint8Array, shape: [1] };
    expect(() => safetensors.write({ tensors: [["x", clamped]] })).toThrow(/"x" is no typed array that/);
  });
});

describe("files of other programs", () => {
  const folder = process.env.CONVOY_DATA_DIR ?? "";
  const names = ["mnist-cnn-71", "mnist-cnn-bn-tinygrad-73"];
  const there = folder !== "" && names.every((name) => existsSync(join(folder, `models/${name}.safetensors`)));

  it.skipIf(!there)("are read, and written again with the same numbers (needs models in CONVOY_DATA_DIR)", () => {
    for (const name of names) {
      const { tensors, metadata } = safetensors.read(
        new Uint8Array(readFileSync(join(folder, `models/${name}.safetensors`))),
      );
      expect(tensors.size).toBeGreaterThan(3);
      const copies = [...tensors].map(
        ([key, stored]) => [key, { data: safetensors.numbers(stored), shape: stored.shape }] as const,
      );
      const again = safetensors.read(safetensors.write({ tensors: copies, metadata: Object.fromEntries(metadata) }));
      for (const [key, stored] of tensors) {
        expect(again.tensors.get(key)).toMatchObject({ dtype: stored.dtype, shape: stored.shape });
        expect(Buffer.from(again.tensors.get(key)!.bytes).equals(Buffer.from(stored.bytes))).toBe(true);
      }
    }
  });
});
