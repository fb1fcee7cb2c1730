import "@tensorflow/tfjs-backend-cpu";
import {
  type Backend,
  input,
  layers,
  losses,
  type Model,
  model,
  optimizers,
  schedules,
  sequential,
} from "@convoy/core";
import { reference } from "@convoy/core/reference";
import * as tf from "@tensorflow/tfjs-core";
import {
  type LayersModel,
  loadLayersModel,
  layers as tfLayers,
  sequential as tfSequential,
} from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fillWeights } from "../testing/sampleModels.js";
import { readTfjs, writeTfjs } from "./index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
  await tf.setBackend("cpu");
});
afterAll(() => backend.dispose());

const samples = { data: Float32Array.from({ length: 12 }, (_, index) => Math.sin(index)), shape: [4, 3] };
const labels = { data: Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1), shape: [4, 2] };

async function small(): Promise<Model> {
  const made = sequential([
    layers.input({ shape: [3] }),
    layers.dense({ units: 2, activation: "softmax", name: "end" }),
  ]);
  await fillWeights(made as Model);
  return made as Model;
}

const jsonOf = (files: Readonly<Record<string, Uint8Array>>) =>
  JSON.parse(new TextDecoder().decode(files["model.json"])) as {
    modelTopology: object;
    trainingConfig?: object;
    weightsManifest: [{ paths: string[]; weights: tf.io.WeightsManifestEntry[] }];
  };

/** Loads a file as `tf.loadLayersModel` does from an address. */
async function opened(files: Readonly<Record<string, Uint8Array>>): Promise<LayersModel> {
  const { modelTopology, trainingConfig, weightsManifest } = jsonOf(files);
  const [{ paths, weights }] = weightsManifest;
  const weightData = new Uint8Array(Buffer.concat(paths.map((path) => files[path]!))).buffer;
  const artifacts = { modelTopology, weightSpecs: weights, weightData };
  return await loadLayersModel(
    tf.io.fromMemory(
      trainingConfig === undefined
        ? artifacts
        : { ...artifacts, trainingConfig: trainingConfig as unknown as tf.io.TrainingConfig },
    ),
  );
}

describe("TensorFlow.js trains a model from here by the same settings", () => {
  test.each([
    ["sgd", optimizers.sgd({ learningRate: 0.3 })],
    ["momentum", optimizers.sgd({ learningRate: 0.3, momentum: 0.9 })],
    ["rmsprop", optimizers.rmsprop({ learningRate: 0.02, rho: 0.8 })],
    ["adam", optimizers.adam({ learningRate: 0.05, beta1: 0.8 })],
  ])("%s", async (_, optimizer) => {
    const made = await small();
    made.compile({ backend, optimizer, loss: "categoricalCrossentropy", metrics: ["accuracy"] });
    const theirs = await opened(await writeTfjs(made));
    const [x, y] = [tf.tensor(samples.data, [4, 3]), tf.tensor(labels.data, [4, 2])];
    for (let step = 0; step < 4; step++) {
      const [loss, accuracy] = (await theirs.trainOnBatch(x, y)) as number[];
      const logs = await made.trainOnBatch(samples, labels);
      expect(logs.loss).toBeCloseTo(loss!, 5);
      expect(logs.accuracy).toBeCloseTo(accuracy!, 6);
    }
    const weights = await made.getWeights();
    theirs.getWeights().forEach((tensor, index) => {
      tensor.dataSync().forEach((value, place) => {
        expect(weights[index]!.data[place]).toBeCloseTo(value, 5);
      });
    });
  });

  test("of several outputs", async () => {
    const start = input({ shape: [3] });
    const made = model({
      inputs: start,
      outputs: [layers.dense({ units: 2, activation: "softmax" })(start), layers.dense({ units: 2 })(start)],
    }) as unknown as Model;
    await fillWeights(made);
    const loss = ["categoricalCrossentropy", "meanSquaredError"] as const;
    made.compile({ backend, optimizer: optimizers.sgd({ learningRate: 0.3 }), loss });
    const theirs = await opened(await writeTfjs(made));
    const [x, y] = [tf.tensor(samples.data, [4, 3]), tf.tensor(labels.data, [4, 2])];
    for (let step = 0; step < 3; step++) {
      const [whole] = (await theirs.trainOnBatch(x, [y, y])) as number[];
      expect((await made.trainOnBatch(samples, [labels, labels])).loss).toBeCloseTo(whole!, 5);
    }
  });

  test.each([
    ["an optimizer", { optimizer: optimizers.lion(), loss: "meanSquaredError" }],
    ["an option", { optimizer: optimizers.adam({ clipNorm: 1 }), loss: "meanSquaredError" }],
    [
      "a schedule",
      {
        optimizer: optimizers.sgd({ learningRate: schedules.cosineDecay({ initialLearningRate: 1, decaySteps: 9 }) }),
        loss: "meanSquaredError",
      },
    ],
    ["a loss", { optimizer: "sgd", loss: losses.huber() }],
    ["weights of losses", { optimizer: "sgd", loss: "meanSquaredError", lossWeights: [2] }],
  ] as const)("and opens it where it lacks %s, which is there for Keras", async (_, settings) => {
    const made = await small();
    made.compile({ backend, ...settings });
    const files = await writeTfjs(made);
    expect(jsonOf(files)).not.toHaveProperty("trainingConfig");
    expect((await opened(files)).optimizer).toBeUndefined();
    expect((await readTfjs(files, { backend })).getCompileConfig()).toEqual(made.getCompileConfig());
  });
});

describe("a model that TensorFlow.js saves with its optimizer is compiled here as it was there", () => {
  test.each([
    ["sgd", () => tf.train.sgd(0.25), { className: "SGD", config: { learningRate: 0.25, momentum: 0 } }],
    [
      "momentum",
      () => tf.train.momentum(0.25, 0.5, true),
      { className: "SGD", config: { learningRate: 0.25, momentum: 0.5, nesterov: true } },
    ],
    [
      "rmsprop",
      () => tf.train.rmsprop(0.25, 0.75, 0.5, 1e-5, true),
      {
        className: "RMSprop",
        config: { learningRate: 0.25, rho: 0.75, momentum: 0.5, epsilon: 1e-5, centered: true },
      },
    ],
    [
      "adam",
      () => tf.train.adam(0.25, 0.75, 0.5, 1e-5),
      { className: "Adam", config: { learningRate: 0.25, beta1: 0.75, beta2: 0.5, epsilon: 1e-5 } },
    ],
    ["adagrad", () => tf.train.adagrad(0.25), { className: "Adagrad", config: { learningRate: 0.25 } }],
  ])("%s", async (_, make, expected) => {
    const theirs = tfSequential({ layers: [tfLayers.dense({ units: 2, inputShape: [3], activation: "softmax" })] });
    theirs.setWeights([tf.tensor([0.1, -0.2, 0.3, 0.4, -0.5, 0.6], [3, 2]), tf.tensor([0, 0.1])]);
    theirs.compile({ optimizer: make(), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
    const [x, y] = [tf.tensor(samples.data, [4, 3]), tf.tensor(labels.data, [4, 2])];
    await theirs.trainOnBatch(x, y);
    const files: Record<string, Uint8Array> = {};
    await theirs.save(
      tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData, trainingConfig }) => {
        const json = { modelTopology, trainingConfig, weightsManifest: [{ paths: ["w.bin"], weights: weightSpecs }] };
        files["model.json"] = new TextEncoder().encode(JSON.stringify(json));
        files["w.bin"] = new Uint8Array(weightData as ArrayBuffer);
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
      }),
      { includeOptimizer: true },
    );
    const told: string[] = [];
    const read = await readTfjs(files, { backend, warn: (message) => told.push(message) });
    expect(told).toEqual([]);
    const settings = read.getCompileConfig();
    expect(settings?.optimizer).toMatchObject(expected);
    expect(settings?.outputs).toMatchObject([
      { loss: { className: "CategoricalCrossentropy" }, metrics: [{ className: "Accuracy" }] },
    ]);
    const predicted = [...(theirs.predict(x) as tf.Tensor).dataSync()];
    (await read.predict(samples)).data.forEach((value, index) => {
      expect(value).toBeCloseTo(predicted[index]!, 6);
    });
  });
});
