import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../backend/index.js";
import * as layers from "../../layers/index.js";
import { reference } from "../../reference/index.js";
import * as safetensors from "../../saving/safetensors.js";
import { loadModel, sequential } from "../index.js";
import { images, labels, network, training, weightsOf } from "./testing/sampleNetwork.js";
import { temporaryFolder } from "./testing/temporaryFolder.js";

let backend: Backend;
const folder = temporaryFolder();

beforeAll(async () => {
  backend = await reference();
});

describe("weights alone", () => {
  it("go from model to model, also within models of other names, compiled or not", async () => {
    const made = network(1);
    const path = join(folder, "weights.safetensors");
    await made.saveWeights(path);
    const other = network(2);
    await other.loadWeights(path);
    expect(await weightsOf(other)).toEqual(await weightsOf(made));
    const compiled = network(3);
    compiled.compile({ backend, ...training });
    await compiled.fit(images, labels, { verbose: 0 });
    await compiled.loadWeights(await made.saveWeights());
    expect(await weightsOf(compiled)).toEqual(await weightsOf(made));
    // A whole model's file will do, too.
    await other.loadWeights(await network(4).save());
    expect(await weightsOf(other)).toEqual(await weightsOf(network(4)));
    await expect(loadModel(path)).rejects.toThrow(/weights.safetensors: the file has weights alone/);
  });

  it("byName: layers of the same name get them, others are left alone", async () => {
    const made = sequential([
      layers.dense({ units: 2, name: "a", inputShape: [2] }),
      layers.dense({ units: 2, name: "b" }),
      layers.dense({ units: 2, name: "d" }),
    ]);
    const other = sequential(
      [
        layers.dense({ units: 2, name: "b", inputShape: [2] }),
        layers.dense({ units: 2, name: "c" }),
        layers.dense({ units: 3, name: "d" }),
      ],
      { seed: 5 },
    );
    const before = await weightsOf(other);
    const bytes = await made.saveWeights();
    await expect(other.loadWeights(bytes)).rejects.toThrow(
      /weight d\/kernel has shape \[2,3\], tensor "d\/kernel" of the file \[2,2\]/,
    );
    await expect(other.loadWeights(bytes, { byName: true })).rejects.toThrow(/pass skipMismatch: true/);
    expect(await weightsOf(other)).toEqual(before);
    await other.loadWeights(bytes, { byName: true, skipMismatch: true });
    const source = await weightsOf(made);
    expect(await weightsOf(other)).toEqual([source[2], source[3], before[2], before[3], before[4], before[5]]);
    const stranger = sequential([layers.dense({ units: 2, name: "z", inputShape: [2] })]);
    await expect(stranger.loadWeights(bytes, { byName: true })).rejects.toThrow(
      /no layer of the model has the name of one in the file/,
    );
    await expect(stranger.loadWeights(bytes)).rejects.toThrow(/the file has weights of 3 layers .*the model has 1/);
  });

  it("of another program, where the tensors are named as the model's weights", async () => {
    const made = sequential([layers.dense({ units: 2, inputShape: [2] })]);
    const tensors: [string, safetensors.WritableTensor][] = [
      ["other", { data: Float32Array.of(1), shape: [1] }],
      ["dense/bias", { data: Float64Array.of(5, 6), shape: [2] }],
      ["dense/kernel", { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] }],
    ];
    await made.loadWeights(safetensors.write({ tensors }));
    expect(await weightsOf(made)).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ]);
    await expect(loadModel(safetensors.write({ tensors }))).rejects.toThrow(/was not written by Convoy/);
    await expect(made.loadWeights(safetensors.write({ tensors: tensors.slice(0, 2) }))).rejects.toThrow(
      /layer dense has 2 weights .*the file has 1/,
    );
  });

  it("take options that are known", async () => {
    await expect(network().loadWeights(new Uint8Array(0), { byname: true } as never)).rejects.toThrow(
      /did you mean byName/,
    );
    await expect(loadModel(new Uint8Array(0), { backends: 1 } as never)).rejects.toThrow(/did you mean backend/);
    await expect(network().saveWeights(7 as never)).rejects.toThrow(/a model is saved to a path/);
  });
});
