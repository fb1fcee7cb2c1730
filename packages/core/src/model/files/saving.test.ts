import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../backend/index.js";
import { ArgumentError } from "../../errors.js";
import * as layers from "../../layers/index.js";
import { inputTensor as input } from "../../layers/inputLayer.js";
import { reference } from "../../reference/index.js";
import * as safetensors from "../../saving/safetensors.js";
import { layerFromConfig, loadModel, model, modelTopology, type Sequential, sequential } from "../index.js";
import { images, network, weightsOf } from "./testing/sampleNetwork.js";
import { temporaryFolder } from "./testing/temporaryFolder.js";

let backend: Backend;
const folder = temporaryFolder();

beforeAll(async () => {
  backend = await reference();
});

describe("a model that is not compiled", () => {
  it("comes back with its weights, from a path and from bytes", async () => {
    const made = network();
    const path = join(folder, "plain.safetensors");
    await made.save(path);
    const bytes = await made.save();
    for (const source of [path, bytes]) {
      const again = await loadModel(source);
      expect(await weightsOf(again)).toEqual(await weightsOf(made));
      again.compile({ backend });
      made.compile({ backend });
      expect(await again.predict(images)).toEqual(await made.predict(images));
      await expect(again.getTrainingState()).resolves.toMatchObject({ optimizer: { iteration: 0 } });
    }
  });

  it("is compiled for prediction where a backend is given", async () => {
    const made = network();
    const again = await loadModel(await made.save(), { backend });
    made.compile({ backend });
    expect(await again.predict(images)).toEqual(await made.predict(images));
  });

  it("is a file that says what is in it", async () => {
    const { metadata, tensors } = safetensors.read(await network().save());
    expect([...metadata.keys()]).toEqual(["format", "version", "topology", "layers"]);
    expect(metadata.get("format")).toBe("convoy");
    expect([...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
      ["conv2d/kernel", "F32", [3, 3, 1, 3]],
      ["conv2d/bias", "F32", [3]],
      ...["gamma", "beta", "moving_mean", "moving_variance"].map((name) => [`batch_normalization/${name}`, "F32", [3]]),
      ["dense/kernel", "F32", [48, 3]],
      ["dense/bias", "F32", [3]],
    ]);
  });

  it("with layers that are in two models within has their weights once", async () => {
    const x = input({ shape: [4] });
    const base = model({
      inputs: x,
      outputs: layers.dense({ units: 3 })(layers.dense({ units: 5, name: "first" })(x)),
    });
    const features = model({ inputs: base.inputs, outputs: base.getLayer("first").output, name: "features" });
    const y = input({ shape: [4] });
    const made = model({ inputs: y, outputs: [features(y), base(y)] });
    const bytes = await made.save();
    expect([...safetensors.read(bytes).tensors.keys()]).toHaveLength(4);
    const again = await loadModel(bytes);
    expect(await weightsOf(again)).toEqual(await weightsOf(made));
  });

  it("has weights of different names: paths that read the same are refused", () => {
    const inner = sequential([layers.dense({ units: 2, inputShape: [2], name: "b" })], { name: "a" });
    const made = sequential([inner, layers.dense({ units: 2, name: "a/b" })]);
    expect(() => made.summary(() => undefined)).toThrow(/two weights would be called "a\/b\/kernel"/);
  });

  it("is plain JSON for those who ask for that", async () => {
    const made = network();
    expect(JSON.parse(JSON.stringify(made))).toEqual(modelTopology(made));
    expect(made.config).toEqual(modelTopology(made).config);
    const copy = layerFromConfig({ className: made.className, config: made.config }) as Sequential;
    expect(await weightsOf(copy)).toEqual(await weightsOf(made));
  });

  it.each(["a.keras", "B.H5", "model.json", "x/y.onnx"])(
    "is not written as %s, which other programs read",
    async (name) => {
      const path = join(folder, name);
      await expect(network().save(path)).rejects.toThrow(ArgumentError);
      await expect(network().save(pathToFileURL(path))).rejects.toThrow(
        /ends in .*saveModel\(model, path\) of @convoy\/formats/,
      );
      await expect(network().saveWeights(path)).rejects.toThrow(/for which \.safetensors is usual/);
      expect(existsSync(path)).toBe(false);
    },
  );
});
