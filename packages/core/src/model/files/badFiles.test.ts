import { beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../backend/index.js";
import { ModelFileError } from "../../errors.js";
import * as layers from "../../layers/index.js";
import { defineLayer, type Layer } from "../../layers/index.js";
import { reference } from "../../reference/index.js";
import * as safetensors from "../../saving/safetensors.js";
import { loadModel, sequential } from "../index.js";
import { network } from "./testing/sampleNetwork.js";

let backend: Backend;

beforeAll(async () => {
  backend = await reference();
});

describe("files that cannot be loaded", () => {
  function scaling({ by }: { readonly by: number }): Layer {
    return defineLayer({
      ...{ className: "Scaling", defaultName: "scaling", config: { by }, inputShape: [2] },
      parameters: () => [],
      apply: ({ graph, input: x }) => graph.apply("affine", [x], { scale: by, offset: 0 })[0]!,
    });
  }

  it("say which class is not known, and load with it", async () => {
    const bytes = await sequential([scaling({ by: 2 }), layers.dense({ units: 1 })]).save();
    await expect(loadModel(bytes)).rejects.toThrow(ModelFileError);
    await expect(loadModel(bytes)).rejects.toThrow(
      /^the given \d+ bytes: topology, layer scaling \(Scaling\): unknown layer class "Scaling"/,
    );
    const loaded = await loadModel(bytes, { backend, customObjects: { Scaling: scaling } });
    expect((await loaded.predict([[1, 2]])).shape).toEqual([1, 1]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ["a newer version", { version: "2" }, /of version 2 of the format, this Convoy reads up to 1; use a newer Convoy/],
    ["a version that is none", { version: "one" }, /version is "one", expected a number/],
    ["a topology that is no JSON", { topology: "{" }, /__metadata__: topology is no JSON/],
    ["a topology that is no model", { topology: "[]" }, /topology: \[\] is no model/],
    ["layers that are no list", { layers: "{}" }, /__metadata__: layers is {}, expected an array/],
    ["layers that are none", { layers: "[1]" }, /layers\[0\] is 1, expected { layer, tensors }/],
    [
      "tensors that are not there",
      { layers: '[{"layer":"a","tensors":["x"]}]' },
      /layers\[0\] names tensor "x", which the file does not have/,
    ],
    ["fewer layers", { layers: "[]" }, /the file has weights of 0 layers/],
  ])("%s", async (_, change, message) => {
    const { tensors, metadata } = safetensors.read(await network().save());
    const all = [...tensors].map(
      ([name, stored]) => [name, { data: safetensors.numbers(stored), shape: stored.shape }] as const,
    );
    const bytes = safetensors.write({ tensors: all, metadata: { ...Object.fromEntries(metadata), ...change } });
    await expect(loadModel(bytes)).rejects.toThrow(ModelFileError);
    await expect(loadModel(bytes)).rejects.toThrow(message);
  });

  it("nested deeper than any call stack", async () => {
    const { tensors, metadata } = safetensors.read(await network().save());
    const all = [...tensors].map(
      ([name, stored]) => [name, { data: safetensors.numbers(stored), shape: stored.shape }] as const,
    );
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    const topology = metadata.get("topology")!;
    const changes: Record<string, string>[] = [
      { topology: deep },
      { layers: `[${deep}]` },
      { training: deep },
      { topology: topology.replace('"filters":3', `"filters":${deep}`) },
      { topology: topology.replace('"className":"Zeros"', `"className":${deep}`) },
      { topology: topology.replace('"className":"Flatten"', `"sameAs":${deep},"className":"Flatten"`) },
      { topology: topology.replace('"className":"Flatten"', `"sameAs":[${deep}],"className":"Flatten"`) },
      { topology: topology.replace('"seed":1', `"seed":${deep}`) },
      { topology: topology.replace('"name":"flatten"', `"name":${deep}`) },
    ];
    for (const change of changes) {
      const bytes = safetensors.write({ tensors: all, metadata: { ...Object.fromEntries(metadata), ...change } });
      await expect(loadModel(bytes, { backend })).rejects.toThrow(ModelFileError);
    }
    const header = `{"x":{"dtype":${deep},"shape":[1],"data_offsets":[0,1]}}`;
    const bytes = new Uint8Array(8 + header.length + 1);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
    bytes.set(new TextEncoder().encode(header), 8);
    await expect(loadModel(bytes)).rejects.toThrow(ModelFileError);
  });

  it("cut off anywhere", async () => {
    const bytes = await network().save();
    for (let length = 0; length < bytes.length; length += 97) {
      await expect(loadModel(bytes.subarray(0, length))).rejects.toThrow(ModelFileError);
    }
  });

  it("do not make the host work for weights that they do not have", async () => {
    const { tensors, metadata } = safetensors.read(await network().save());
    const topology = metadata
      .get("topology")!
      .replace('"groups":1', '"groups":500000000')
      .replace('"filters":3', '"filters":500000000')
      .replace("[6,6,1]", "[6,6,1000000000]")
      .replace('"inputShape":[6,6,1]', '"inputShape":[6,6,1000000000]');
    const all = [...tensors].map(
      ([name, stored]) => [name, { data: safetensors.numbers(stored), shape: stored.shape }] as const,
    );
    const bytes = safetensors.write({ tensors: all, metadata: { ...Object.fromEntries(metadata), topology } });
    await expect(loadModel(bytes)).rejects.toThrow(
      /topology, layer conv2d: the layers up to it have more weights than the file/,
    );
  });

  it.each<[string, number[], RegExp]>([
    ["Keras 3", [0x50, 0x4b, 3, 4, 20, 0, 0, 0, 8, 0], /this is a zip archive, as Keras' \.keras .*@convoy\/formats/],
    ["Keras 2", [0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10, 0], /this is an HDF5 file, as Keras' \.h5 .*@convoy\/formats/],
    ["TensorFlow.js", [...'{"format":"layers-model"}'].map((char) => char.charCodeAt(0)), /this is JSON/],
    ["ONNX", [8, 7, 0x12, 7, 112, 121, 116, 111, 114, 99, 104], /this is ONNX/],
    ["PyTorch", [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9], /this is a pickle/],
  ])("of %s, which a message says", async (_, bytes, message) => {
    await expect(loadModel(Uint8Array.from(bytes))).rejects.toThrow(ModelFileError);
    await expect(loadModel(Uint8Array.from(bytes))).rejects.toThrow(message);
    await expect(network().loadWeights(Uint8Array.from(bytes))).rejects.toThrow(message);
  });
});
