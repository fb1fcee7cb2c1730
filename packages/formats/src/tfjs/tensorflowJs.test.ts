import "@tensorflow/tfjs-backend-cpu";
import {
  type Backend,
  layers as convoyLayers,
  input,
  type Layer,
  type Model,
  model,
  sequential,
  type Tensor,
} from "@convoy/core";
import { reference } from "@convoy/core/reference";
import * as tf from "@tensorflow/tfjs-core";
import {
  type LayersModel,
  layers,
  loadLayersModel,
  input as tfInput,
  model as tfModel,
  sequential as tfSequential,
} from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fillWeights, graph, samplesFor, stack } from "../testing/sampleModels.js";
import { readTfjs, writeTfjs } from "./index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
  await tf.setBackend("cpu");
});
afterAll(() => backend.dispose());

/** Opens files that were written here in TensorFlow.js. */
async function openInTensorflowJs(files: Readonly<Record<string, Uint8Array>>): Promise<LayersModel> {
  const json = JSON.parse(new TextDecoder().decode(files["model.json"]));
  const [group] = json.weightsManifest;
  const weightData = Buffer.concat(group.paths.map((path: string) => files[path]!));
  return await loadLayersModel(
    tf.io.fromMemory({
      modelTopology: json.modelTopology,
      weightSpecs: group.weights,
      weightData: new Uint8Array(weightData).buffer,
    }),
  );
}

function predictedByTensorflowJs(made: LayersModel, samples: readonly Tensor<Float32Array>[]): number[] {
  const inputs = samples.map(({ data, shape }) => tf.tensor(data, [...shape]));
  const outputs = made.predict(inputs.length === 1 ? inputs[0]! : inputs);
  return [outputs].flat().flatMap((output) => [...output.dataSync()]);
}

async function predictedHere(made: Model, samples: readonly Tensor<Float32Array>[]): Promise<number[]> {
  made.compile({ backend });
  const outputs: Tensor<Float32Array> | Tensor<Float32Array>[] = await made.predict(
    samples.length === 1 ? samples[0]! : samples,
  );
  return [outputs].flat().flatMap(({ data }) => [...data]);
}

function difference(a: readonly number[], b: readonly number[]): number {
  expect(a).toHaveLength(b.length);
  return Math.max(...a.map((value, index) => Math.abs(value - b[index]!)));
}

describe("a model written here opens in TensorFlow.js and predicts the same", () => {
  test.each([
    ["stack", stack],
    ["graph", graph],
  ])("%s", async (_, make) => {
    const made = make();
    await fillWeights(made);
    const opened = await openInTensorflowJs(await writeTfjs(made));
    const samples = samplesFor(made);
    expect(difference(await predictedHere(made, samples), predictedByTensorflowJs(opened, samples))).toBeLessThan(1e-5);
  });

  test("models within that share layers", async () => {
    const common = convoyLayers.dense({ units: 3, activation: "tanh", name: "common" });
    const block = (name: string) =>
      sequential([convoyLayers.dense({ units: 3, inputShape: [3], name: "own" }), common], { name });
    const made = sequential([block("first"), common, block("second"), convoyLayers.relu()]);
    await fillWeights(made);
    const opened = await openInTensorflowJs(await writeTfjs(made));
    const samples = samplesFor(made);
    expect(difference(await predictedHere(made, samples), predictedByTensorflowJs(opened, samples))).toBeLessThan(1e-5);
    expect(opened.weights).toHaveLength(6);
  });

  test("a layer of which a later call can be made first", async () => {
    const start = input({ shape: [3], name: "start" });
    const other = input({ shape: [3], name: "other" });
    const twice = convoyLayers.dense({ units: 3, activation: "tanh", name: "twice" });
    const again = convoyLayers.dense({ units: 3, activation: "sigmoid", name: "again" });
    // The first call of `twice`, counted from the first output, reads what is not there when TensorFlow.js gets to it.
    const deep = twice(again(convoyLayers.dense({ units: 3, name: "first" })(again(twice(start)))));
    const made = model({
      inputs: [start, other],
      outputs: [deep, convoyLayers.multiply()([twice(other), again(other)]), twice(deep)],
    }) as unknown as Model;
    await fillWeights(made);
    const opened = await openInTensorflowJs(await writeTfjs(made));
    const samples = samplesFor(made);
    const theirs = predictedByTensorflowJs(opened, samples);
    expect(difference(await predictedHere(made, samples), theirs)).toBeLessThan(1e-5);
    expect(difference(await predictedHere(await readTfjs(await writeTfjs(made)), samples), theirs)).toBeLessThan(1e-5);
  });

  /** Layers for images [4,4,4] that are in neither of these models, by themselves. */
  const others: Record<string, () => Layer> = {
    conv1d: () => convoyLayers.conv1d({ filters: 3, kernelSize: 2, padding: "same", strides: 2 }),
    maxPooling1d: () => convoyLayers.maxPooling1d({ poolSize: 3, strides: 2 }),
    averagePooling1d: () => convoyLayers.averagePooling1d(),
    globalAveragePooling1d: () => convoyLayers.globalAveragePooling1d(),
    globalMaxPooling1d: () => convoyLayers.globalMaxPooling1d(),
    permute: () => convoyLayers.permute({ dims: [2, 1] }),
    reshape: () => convoyLayers.reshape({ targetShape: [4, -1] }),
    rescaling: () => convoyLayers.rescaling({ scale: 2, offset: -1 }),
    gaussianNoise: () => convoyLayers.gaussianNoise({ stddev: 1 }),
    gaussianDropout: () => convoyLayers.gaussianDropout({ rate: 0.5 }),
    silu: () => convoyLayers.silu(),
    softsign: () => convoyLayers.softsign(),
    gelu: () => convoyLayers.gelu(),
    softmax: () => convoyLayers.softmax(),
    layerNormalization: () => convoyLayers.layerNormalization({ epsilon: 0.1, center: false }),
    prelu: () => convoyLayers.prelu(),
  };

  test.each(Object.keys(others))("%s", async (name) => {
    const made = sequential([convoyLayers.input({ shape: [8, 4] }), others[name]!()]);
    await fillWeights(made);
    const samples = samplesFor(made);
    const opened = await openInTensorflowJs(await writeTfjs(made));
    expect(difference(await predictedHere(made, samples), predictedByTensorflowJs(opened, samples))).toBeLessThan(1e-5);
  });

  test.each([
    ["gelu", () => convoyLayers.gelu({ approximate: true })],
    ["elu", () => convoyLayers.elu({ alpha: 0.5 })],
    ["conv1d", () => convoyLayers.conv1d({ filters: 2, kernelSize: 2, padding: "causal" })],
    ["randomCrop", () => convoyLayers.randomCrop({ height: 2, width: 2 })],
  ] as const)("%s is refused, as TensorFlow.js would refuse it", async (name, make) => {
    const shape = name === "randomCrop" ? [4, 4, 2] : [8, 4];
    await expect(writeTfjs(sequential([convoyLayers.input({ shape }), make()]))).rejects.toThrow(
      /TensorFlow.js has no/,
    );
  });

  test("without what only training knows, which a warning names", async () => {
    const made = sequential([
      convoyLayers.input({ shape: [4, 4, 2] }),
      convoyLayers.randomFlip(),
      convoyLayers.randomRotation({ factor: 0.2 }),
      convoyLayers.spatialDropout2d({ rate: 0.5 }),
      convoyLayers.flatten(),
      convoyLayers.dense({ units: 3 }),
    ]);
    await fillWeights(made);
    const samples = samplesFor(made);
    const told: string[] = [];
    const opened = await openInTensorflowJs(await writeTfjs(made, { warn: (message) => told.push(message) }));
    expect(difference(await predictedHere(made, samples), predictedByTensorflowJs(opened, samples))).toBeLessThan(1e-5);
    expect(told).toEqual([
      expect.stringMatching(
        /^random_flip \(RandomFlip\), random_rotation \(RandomRotation\), spatial_dropout2d \(SpatialDropout2D\) are/,
      ),
    ]);
  });

  test.each(["uint8", "uint16", "float16"] as const)("quantised to %s", async (quantization) => {
    const made = stack();
    await fillWeights(made);
    const files = await writeTfjs(made, { quantization });
    const samples = samplesFor(made);
    const theirs = predictedByTensorflowJs(await openInTensorflowJs(files), samples);
    const read = await predictedHere(await readTfjs(files), samples);
    expect(difference(read, theirs)).toBeLessThan(1e-5);
    expect(difference(read, await predictedHere(made, samples))).toBeGreaterThan(0);
    const size = (given: Readonly<Record<string, Uint8Array>>): number =>
      Object.entries(given).find(([name]) => name.startsWith("group1-shard1of1-"))![1].length;
    expect(size(files)).toBe(size(await writeTfjs(made)) / (quantization === "uint8" ? 4 : 2));
  });
});

test.each([
  [Number.NaN, "uint8"],
  [Infinity, "uint16"],
  [-Infinity, "uint8"],
] as const)("a weight of %s is not quantised to %s", async (value, quantization) => {
  const made = sequential([convoyLayers.input({ shape: [2] }), convoyLayers.dense({ units: 1, name: "last" })]);
  await made.setWeights([
    { data: Float32Array.of(1, value), shape: [2, 1] },
    { data: Float32Array.of(0), shape: [1] },
  ]);
  await expect(writeTfjs(made, { quantization })).rejects.toThrow(/^weight last\/kernel holds NaN or infinite/);
  const kept = await (await readTfjs(await writeTfjs(made, { quantization: "float16" }))).getWeights();
  expect(kept[0]!.data[1]).toBe(value);
});

test("weight files of other weights have other names", async () => {
  const made = stack();
  await fillWeights(made);
  const names = async (): Promise<string[]> =>
    Object.keys(await writeTfjs(made)).filter((name) => name !== "model.json");
  const before = await names();
  expect(before).toEqual([expect.stringMatching(/^group1-shard1of1-[0-9a-f]{16}\.bin$/)]);
  expect(await names()).toEqual(before);
  const weights = await made.getWeights();
  weights[0]!.data[0]! += 1e-3;
  await made.setWeights(weights);
  expect(await names()).not.toEqual(before);
});

/** What TensorFlow.js saves, as files. */
async function savedByTensorflowJs(made: LayersModel): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  await made.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData, format, generatedBy, convertedBy }) => {
      const weightsManifest = [{ paths: ["weights.bin"], weights: weightSpecs }];
      const json = { modelTopology, weightsManifest, format, generatedBy, convertedBy };
      files["model.json"] = new TextEncoder().encode(JSON.stringify(json));
      files["weights.bin"] = new Uint8Array(weightData as ArrayBuffer);
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
  );
  return files;
}

describe("a model saved by TensorFlow.js is read here and predicts the same", () => {
  test("a stack", async () => {
    const made = tfSequential({
      layers: [
        layers.conv2d({
          filters: 4,
          kernelSize: 3,
          activation: "relu",
          inputShape: [8, 8, 2],
          kernelInitializer: "heNormal",
        }),
        layers.batchNormalization(),
        layers.maxPooling2d({ poolSize: 2 }),
        // TensorFlow.js forgets depthMultiplier when it saves.
        layers.separableConv2d({ filters: 3, kernelSize: 2, biasInitializer: "randomNormal" }),
        layers.leakyReLU({ alpha: 0.2 }),
        layers.dropout({ rate: 0.5 }),
        layers.flatten(),
        layers.dense({ units: 5, activation: "softmax", kernelRegularizer: "l1l2" }),
      ],
    });
    const files = await savedByTensorflowJs(made);
    const read = await readTfjs(files);
    const samples = samplesFor(read);
    expect(difference(await predictedHere(read, samples), predictedByTensorflowJs(made, samples))).toBeLessThan(1e-5);
  });

  test("branches, a shared layer and models within models", async () => {
    const inner = tfSequential({ layers: [layers.dense({ units: 3, inputShape: [3], activation: "tanh" })] });
    const x = tfInput({ shape: [3] });
    const y = tfInput({ shape: [3] });
    const shared = layers.dense({ units: 3, activation: "sigmoid" });
    const both = [x, y].map((tensor) => inner.apply(shared.apply(tensor)) as typeof x);
    const joined = layers.concatenate().apply([...both, layers.add().apply(both) as typeof x]) as typeof x;
    const made = tfModel({ inputs: [x, y], outputs: [joined, layers.multiply().apply(both) as typeof x] });
    const read = await readTfjs(await savedByTensorflowJs(made));
    const samples = samplesFor(read);
    expect(difference(await predictedHere(read, samples), predictedByTensorflowJs(made, samples))).toBeLessThan(1e-5);
  });
});
