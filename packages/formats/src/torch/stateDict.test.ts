import { wasm } from "@convoy/backend-wasm";
import { applications, type Backend, layers, type Model, sequential } from "@convoy/core";
import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPytorch } from "../pytorch/readPytorch.js";
import { compared, reasonToSkip, strangersFile } from "../testing/strangersFiles.js";
import { stateDictModels } from "../testing/strangersModels.js";
import { loadStateDict, toStateDict } from "./stateDict.js";

const files = ["mnist-cnn-pytorch-81.pth", "cifar10-lenet-legacy-83.pth", "cifar10-resnet20-checkpoint-85.th"];

describe.skipIf(reasonToSkip !== undefined)("state dicts of others", () => {
  let backend: Backend;

  beforeAll(async () => {
    backend = await wasm();
  });

  afterAll(async () => {
    await backend?.dispose();
  });

  it.each(files)("%s predicts what PyTorch does", async (name) => {
    const model = stateDictModels[name]!();
    await loadStateDict(model, await readPytorch(strangersFile(name)));

    const { difference, accuracy, expectedAccuracy } = await compared(model, name, backend);

    expect(difference).toBeLessThan(1e-4);
    expect(accuracy).toBeCloseTo(expectedAccuracy!, 3);
    model.dispose();
  });
});

function bytes({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

describe("loadStateDict", () => {
  const small = () =>
    sequential(
      [
        layers.input({ shape: [6, 6, 4] }),
        layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, name: "depthwise" }),
        layers.batchNormalization({ epsilon: 1e-5, name: "norm" }),
        layers.conv2dTranspose({ filters: 3, kernelSize: 2, strides: 2, name: "up" }),
        layers.prelu({ sharedAxes: [1, 2], name: "slopes" }),
        layers.separableConv2d({ filters: 2, kernelSize: 3, name: "separable" }),
        layers.flatten(),
        layers.batchNormalization({ epsilon: 1e-5, name: "rows" }),
        layers.dense({ units: 3, name: "head" }),
      ],
      { seed: 3 },
    );

  it("brings back what toStateDict gave, for each kind of layer", async () => {
    const [from, to] = [small(), sequential([small()], { seed: 9 }).layers[0] as Model];
    await from.setWeights(
      (await from.getWeights()).map(({ data, shape }, index) => ({
        data: data.map((value, at) => value + Math.sin(index + at) ** 2),
        shape,
      })),
    );

    const { missing, unexpected } = await loadStateDict(to, await toStateDict(from));

    expect([missing, unexpected]).toEqual([[], []]);
    expect(await to.getWeights()).toEqual(await from.getWeights());
  });

  it("has PyTorch's shapes and names", async () => {
    const state = await toStateDict(small());

    expect(Object.fromEntries([...state].map(([name, { shape }]) => [name, shape]))).toEqual({
      "depthwise.weight": [8, 1, 3, 3],
      "depthwise.bias": [8],
      "norm.weight": [8],
      "norm.bias": [8],
      "norm.running_mean": [8],
      "norm.running_var": [8],
      "up.weight": [8, 3, 2, 2],
      "up.bias": [3],
      "slopes.weight": [3],
      "separable.depthwise.weight": [3, 1, 3, 3],
      "separable.pointwise.weight": [2, 3, 1, 1],
      "separable.pointwise.bias": [2],
      "rows.weight": [72],
      "rows.bias": [72],
      "rows.running_mean": [72],
      "rows.running_var": [72],
      "head.weight": [3, 72],
      "head.bias": [3],
    });
  });

  it("puts the rows of a dense layer behind an image in NHWC order", async () => {
    const model = sequential([layers.input({ shape: [2, 2, 2] }), layers.flatten(), layers.dense({ units: 1 })]);
    const data = Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7);

    await loadStateDict(
      model,
      new Map([
        ["fc.weight", { data, shape: [1, 8] }],
        ["fc.bias", { data: new Float32Array(1), shape: [1] }],
      ]),
    );

    const backend = await reference();
    model.compile({ backend });
    // Number p of channel c weighs 4 c + p in PyTorch; of the image only pixel 2 of channel 1 is there.
    const image = Float32Array.of(0, 0, 0, 0, 0, 1, 0, 0);
    expect([...(await model.predict({ data: image, shape: [1, 2, 2, 2] })).data]).toEqual([6]);
    model.dispose();
    await backend.dispose();
  });

  it("knows torchvision's names of resnet18", async () => {
    const model = applications.resnet18({ inputShape: [32, 32, 3], classes: 5 });
    const torchvision = (layer: string) =>
      layer
        .replace("predictions", "fc")
        .replace(/^conv1_(conv|bn)$/, (_, kind: string) => `${kind}1`)
        .replace(
          /^conv(\d)_block(\d)_0_(conv|bn)$/,
          (_, stage, block, kind) => `layer${stage - 1}.${block - 1}.downsample.${kind === "conv" ? 0 : 1}`,
        )
        .replace(
          /^conv(\d)_block(\d)_(\d)_(conv|bn)$/,
          (_, stage, block, part, kind) => `layer${stage - 1}.${block - 1}.${kind}${part}`,
        );
    const state = await toStateDict(model, { names: torchvision });
    const other = applications.resnet18({ inputShape: [32, 32, 3], classes: 5, seed: 8 });

    await loadStateDict(other, state);

    expect([...state.keys()]).toContain("layer3.0.downsample.1.running_var");
    const [own, theirs] = [await model.getWeights(), await other.getWeights()];
    // Millions of numbers, which toEqual would take minutes for.
    expect(own.findIndex(({ data }, index) => Buffer.compare(bytes(data), bytes(theirs[index]!.data)) !== 0)).toBe(-1);
  });

  it.each([
    [
      "another epsilon",
      () => sequential([layers.input({ shape: [3] }), layers.batchNormalization()]),
      /has epsilon 0\.001, the weights were trained with 0\.00001/,
    ],
    [
      "too many modules",
      () => sequential([layers.input({ shape: [3] }), layers.dense({ units: 3 })]),
      /cannot be taken in order/,
    ],
  ])("refuses %s", async (_, make, message) => {
    const vector = { data: new Float32Array(3), shape: [3] };
    const names = make().layers.length > 1 && message.source.includes("epsilon") ? ["bn"] : ["bn", "other"];
    const state = new Map(
      names.flatMap((name) =>
        ["weight", "bias", "running_mean", "running_var"].map((part) => [`${name}.${part}`, vector] as const),
      ),
    );

    await expect(loadStateDict(make(), state)).rejects.toThrow(message);
  });

  it("says what is missing and what is left over, and loads what fits where that is wanted", async () => {
    const model = sequential([
      layers.input({ shape: [2] }),
      layers.dense({ units: 1, name: "a" }),
      layers.dense({ units: 1, name: "b" }),
    ]);
    const tensor = (...values: number[]) => ({
      data: Float32Array.from(values),
      shape: values.length === 1 ? [1] : [1, values.length],
    });
    const state = new Map([
      ["a.weight", tensor(1, 2)],
      ["a.bias", tensor(3)],
      ["c.bias", tensor(4)],
    ]);
    const names = { a: "a", b: "b" };

    await expect(loadStateDict(model, state, { names })).rejects.toThrow(
      /Missing: b\.weight, b\.bias; unexpected: c\.bias/,
    );

    const result = await loadStateDict(model, state, { names, strict: false });
    expect(result).toEqual({ missing: ["b.weight", "b.bias"], unexpected: ["c.bias"] });
    expect([...(await model.getWeights())[0]!.data]).toEqual([1, 2]);
  });
});
