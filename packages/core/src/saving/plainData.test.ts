import { describe, expect, it } from "vitest";
import type { JsonValue } from "../config.js";
import { ArgumentError, ModelFileError } from "../errors.js";
import { type PlainData, packData, unpackData } from "./plainData.js";
import { read, type WritableTensor, write } from "./safetensors.js";

function roundTrip(data: PlainData): PlainData {
  const tensors = new Map<string, WritableTensor>();
  const json = JSON.parse(JSON.stringify(packData(data, "data", tensors))) as JsonValue;
  return unpackData(json, "data", read(write({ tensors })).tensors);
}

describe("plain data", () => {
  it("come back as they were", () => {
    const data: PlainData = {
      numbers: [1, -0, Number.NaN, Infinity, -Infinity, 1e-300],
      rest: [null, true, "$text", ""],
      arrays: {
        a: Float32Array.of(1, Number.NaN),
        b: [Int32Array.of(7)],
        c: Uint8Array.of(1),
        d: Float64Array.of(Math.E),
        e: new Float32Array(0),
      },
      $tensor: "not a tensor",
      $$number: { $number: 1 },
      __proto__x: {},
    };
    expect(roundTrip(data)).toEqual(data);
    expect(Object.is((roundTrip(data) as { numbers: number[] }).numbers[1], -0)).toBe(true);
  });

  it("keep a name that objects have by nature", () => {
    const data = JSON.parse('{"__proto__":{"a":1}}') as PlainData;
    expect(JSON.stringify(roundTrip(data))).toBe('{"__proto__":{"a":1}}');
  });

  it("name their arrays after where they are, and those of one name apart", () => {
    const tensors = new Map<string, WritableTensor>([["data/a", { data: Uint8Array.of(1), shape: [1] }]]);
    expect(packData({ a: Float32Array.of(2), b: undefined }, "data", tensors)).toEqual({ a: { $tensor: "data/a#2" } });
    expect([...tensors.keys()]).toEqual(["data/a", "data/a#2"]);
  });

  it.each<[string, unknown, RegExp]>([
    ["a function", { f: () => 1 }, /data\/f is function, which files have no word for/],
    ["an object of a class", [new Map()], /data\/0 is a Map/],
    ["a big integer", 1n, /data is bigint/],
    ["an array of another kind", { a: Uint16Array.of(1) }, /data\/a is a Uint16Array/],
  ])("refuse %s", (_, data, message) => {
    expect(() => packData(data as PlainData, "data", new Map())).toThrow(ArgumentError);
    expect(() => packData(data as PlainData, "data", new Map())).toThrow(message);
  });

  it.each<[string, JsonValue, RegExp]>([
    ["a tensor that is not there", { a: { $tensor: "x" } }, /data\/a: the file has no tensor "x"/],
    ["a tensor that is no name", { $tensor: 1 }, /data: the file has no tensor 1/],
    ["a number that is none", { $number: "1" }, /data: \$number is "1", expected NaN, Infinity/],
    ["an unknown word", { $date: 1, a: 1 }, /data: unknown word "\$date"/],
    ["data too deep", JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`), /more than 64 deep/],
  ])("refuse, when read, %s", (_, json, message) => {
    expect(() => unpackData(json, "data", new Map())).toThrow(ModelFileError);
    expect(() => unpackData(json, "data", new Map())).toThrow(message);
  });
});
