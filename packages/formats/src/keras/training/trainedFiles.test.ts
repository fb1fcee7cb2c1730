import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Backend,
  DeviceError,
  input,
  layers,
  losses,
  type Model,
  model,
  optimizers,
  type PlainData,
  schedules,
  sequential,
  type TrainingState,
} from "@convoy/core";
import { reference } from "@convoy/core/reference";
import { strFromU8, unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { loadModel, saveModel } from "../../index.js";
import { reasonToSkip } from "../../testing/strangersFiles.js";
import { readTfjs, writeTfjs } from "../../tfjs/index.js";
import { readKeras, writeKeras, writeKerasH5 } from "../index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

const numbers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => Math.sin(seed + 12.9 * index));
const images = { data: numbers(4 * 5 * 5 * 2, 1), shape: [4, 5, 5, 2] };
const labels = Int32Array.of(0, 2, 1, 2);

/** Layers whose weights are trained and ones that are not, one of them frozen, one a model. */
function small(): Model {
  const within = sequential(
    [layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [5, 5, 2] }), layers.batchNormalization()],
    {
      name: "within",
    },
  );
  return sequential([
    layers.input({ shape: [5, 5, 2] }),
    within,
    layers.conv2d({ filters: 2, kernelSize: 1, trainable: false }),
    layers.flatten(),
    layers.dense({ units: 3, activation: "softmax" }),
  ]) as Model;
}

async function trained(optimizer: ReturnType<typeof optimizers.sgd>, steps = 3): Promise<Model> {
  const made = small();
  made.compile({ backend, optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  for (let step = 0; step < steps; step++) {
    await made.trainOnBatch(images, labels);
  }
  return made;
}

const average = { useEma: true, emaMomentum: 0.7, emaOverwriteFrequency: 4 };
const decay = schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 2, decayRate: 0.7 });

describe("training goes on from a .keras file to the same bits", () => {
  test.each([
    ["sgd", optimizers.sgd()],
    ["sgd with momentum", optimizers.sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })],
    ["sgd with a schedule", optimizers.sgd({ learningRate: decay, momentum: 0.5 })],
    ["rmsprop", optimizers.rmsprop({ momentum: 0.5, centered: true })],
    ["adam", optimizers.adam({ learningRate: 0.01 })],
    ["adam with all", optimizers.adam({ learningRate: decay, amsgrad: true, weightDecay: 0.01, ...average })],
    ["adamW", optimizers.adamW({ clipNorm: 0.5 })],
    ["nadam", optimizers.nadam({ learningRate: 0.01 })],
    ["adagrad", optimizers.adagrad({ learningRate: 0.1 })],
    ["lion", optimizers.lion()],
    // After three steps one gradient is added up, of two.
    ["accumulated gradients", optimizers.adam({ gradientAccumulationSteps: 2, ...average })],
  ])("%s", async (_, optimizer) => {
    const made = await trained(optimizer);
    const told: string[] = [];
    const again = await readKeras(await writeKeras(made), { backend, warn: (message) => told.push(message) });
    expect(told).toEqual([]);
    expect(again.getCompileConfig()?.optimizer).toEqual(made.getCompileConfig()?.optimizer);
    const [before, after] = [await made.getTrainingState(), await again.getTrainingState()];
    expect(after.optimizer).toEqual(before.optimizer);
    for (let step = 0; step < 3; step++) {
      const logs = await made.trainOnBatch(images, labels);
      expect(await again.trainOnBatch(images, labels)).toEqual(logs);
      expect(logs).toHaveProperty("accuracy");
    }
    expect(await again.getWeights()).toEqual(await made.getWeights());
  });
});

test("a file that is written while the model trains is of one moment", async () => {
  const made = small();
  made.compile({ backend, optimizer: optimizers.sgd({ momentum: 0.9 }), loss: "sparseCategoricalCrossentropy" });
  const files: Uint8Array[] = [];
  const states: unknown[] = [];
  const onEpochEnd = async (_epoch: number, _logs: unknown, training: { getState(): Promise<TrainingState> }) => {
    const { weights, optimizer } = await training.getState();
    states.push({ weights, iteration: optimizer.iteration, slots: optimizer.slots });
    files.push(await writeKeras(made));
  };
  await made.fit(images, labels, { epochs: 3, batchSize: 2, verbose: 0, callbacks: [{ onEpochEnd }] });
  expect(files).toHaveLength(3);
  for (const [index, file] of files.entries()) {
    const { weights, optimizer } = await (await readKeras(file, { backend })).getTrainingState();
    expect(optimizer.iteration).toBe(2 * (index + 1));
    expect({ weights, iteration: optimizer.iteration, slots: optimizer.slots }).toEqual(states[index]);
  }
});

test("a rate that a callback has set goes along", async () => {
  const made = await trained(optimizers.sgd({ learningRate: 0.5 }));
  const state = await made.getTrainingState();
  await made.setTrainingState({ ...state, optimizer: { ...state.optimizer, learningRate: 0.125 } });
  for (const again of [
    await readKeras(await writeKeras(made), { backend }),
    await readKeras(await writeKerasH5(made), { backend }),
    await readTfjs(await writeTfjs(made), { backend }),
  ]) {
    expect(again.getCompileConfig()?.optimizer.config.learningRate).toBe(0.125);
  }
});

/** Two inputs, losses and lists of metrics. */
function branched(): Model {
  const [left, right] = [input({ shape: [3], name: "left" }), input({ shape: [2], name: "right" })];
  const joined = layers.concatenate()([left, right]);
  return model({
    inputs: [left, right],
    outputs: [
      layers.dense({ units: 3, activation: "softmax", name: "kind" })(joined),
      layers.dense({ units: 1, name: "size" })(joined),
    ],
  }) as unknown as Model;
}

describe.each([
  ["keras", writeKeras, readKeras],
  ["h5", writeKerasH5, readKeras],
  ["tfjs", writeTfjs, readTfjs],
] as const)("how a model is trained in %s", (_, write, read) => {
  type Files = Parameters<typeof read>[0];

  test("is the same of several outputs", async () => {
    const made = branched();
    const loss = ["sparseCategoricalCrossentropy", losses.huber({ delta: 2 })] as const;
    made.compile({
      backend,
      optimizer: optimizers.adam({ learningRate: 0.03 }),
      loss,
      lossWeights: [1, 0.25],
      metrics: [["accuracy"], []],
    });
    const told: string[] = [];
    const again = await read((await write(made)) as Files, { backend, warn: (message) => told.push(message) });
    expect(told).toEqual([]);
    expect(again.getCompileConfig()).toEqual(made.getCompileConfig());
  });

  test("is left out on demand, and of models that are compiled to predict", async () => {
    const made = await trained(optimizers.adam(), 0);
    const told: string[] = [];
    const warn = (message: string): number => told.push(message);
    const without = await read((await write(made, { includeOptimizer: false })) as Files, { backend, warn });
    expect(without.getCompileConfig()?.outputs[0]).not.toHaveProperty("loss");
    made.compile({ backend });
    const predicting = await write(made, { warn });
    made.compile({ backend, loss: "sparseCategoricalCrossentropy" });
    expect(await write(made, { includeOptimizer: false })).toEqual(predicting);
    expect(told).toEqual([]);
  });

  test("is left out with a warning where Keras has no such thing", async () => {
    const made = small();
    const own = { ...losses.meanSquaredError(), name: "mine", className: "Mine" };
    const told: string[] = [];
    const options = { warn: (message: string): number => told.push(message) };
    for (const [loss, reason] of [
      [own, /how the model is trained is left out of the file: .* has no loss Mine/],
      [{ ...own, className: undefined as unknown as string }, /left out of the file: loss "mine" does not say/],
    ] as const) {
      made.compile({ backend, loss });
      const again = await read((await write(made, options)) as Files, { backend });
      expect(again.getCompileConfig()?.outputs[0]).not.toHaveProperty("loss");
      expect(told.splice(0)).toEqual([expect.stringMatching(reason)]);
    }
  });

  test("is written without metrics that Keras does not have", async () => {
    const made = small();
    const mine = { name: "mine", className: "Mine", config: {}, build: losses.meanSquaredError().build as never };
    made.compile({ backend, optimizer: "sgd", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy", mine] });
    const told: string[] = [];
    const written = await write(made, { warn: (message) => told.push(message) });
    expect(told).toEqual([expect.stringMatching(/metrics are left out of the file: .* has no metric Mine/)]);
    const settings = (await read(written as Files, { backend })).getCompileConfig();
    expect(settings?.optimizer.className).toBe("SGD");
    expect(settings?.outputs[0]).toMatchObject({
      loss: { className: "SparseCategoricalCrossentropy" },
      metrics: [],
    });
  });
});

test("with the device the optimizer's numbers are lost: the rest is written, and that is told", async () => {
  const made = await trained(optimizers.adam({ learningRate: 0.25 }));
  const lost = vi.spyOn(made, "getTrainingState").mockRejectedValue(new DeviceError("the device is lost"));
  const told: string[] = [];
  const bytes = await writeKeras(made, { warn: (message) => told.push(message) });
  lost.mockRestore();
  expect(told).toEqual(["what the optimizer keeps is left out of the file: the device is lost"]);
  const again = await readKeras(bytes, { backend });
  expect(again.getCompileConfig()).toEqual(made.getCompileConfig());
  expect((await again.getTrainingState()).optimizer.iteration).toBe(0);
  expect(await again.getWeights()).toEqual(await made.getWeights());
});

test("what an optimizer keeps of other weights is told and left out", async () => {
  const made = await trained(optimizers.adam());
  const bytes = await writeKeras(made);
  const text = strFromU8(unzipSync(bytes)["config.json"]!);
  // Another layer is frozen now, and its moments are in the file.
  const frozen = text.replace('"name":"dense"', '"name":"dense","trainable":false');
  expect(frozen).not.toBe(text);
  const { zipSync, strToU8 } = await import("fflate");
  const told: string[] = [];
  const changed = zipSync({ ...unzipSync(bytes), "config.json": strToU8(frozen) });
  const again = await readKeras(changed, { backend, warn: (message) => told.push(message) });
  expect(told).toEqual([expect.stringMatching(/keeps is of other weights or another optimizer; .* begins anew/)]);
  expect((await again.getTrainingState()).optimizer.iteration).toBe(0);
});

test("formats without a place for it refuse the option", async () => {
  const target = join(tmpdir(), "never-written.onnx");
  await expect(saveModel(small(), target, { includeOptimizer: false })).rejects.toThrow(
    /includeOptimizer is for keras .*; onnx has no place for how a model is trained/,
  );
});

const python = spawnSync("/usr/bin/python3", ["-c", "import h5py"]).status === 0;
test.skipIf(!python)(`h5py finds Keras' arrangement${python ? "" : ": python3 with h5py is not here"}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "convoy-trained-"));
  try {
    const path = join(folder, "trained.keras");
    writeFileSync(path, await writeKeras(await trained(optimizers.nadam({ learningRate: 0.25 }))));
    const script = [
      "import h5py, io, json, sys, zipfile",
      "archive = zipfile.ZipFile(sys.argv[1])",
      "group = h5py.File(io.BytesIO(archive.read('model.weights.h5')), 'r')['optimizer/vars']",
      "vars = [(str(group[str(i)].dtype), group[str(i)].shape) for i in range(len(group))]",
      "settings = json.loads(archive.read('config.json'))['compile_config']",
      "scalars = [float(group[str(i)][()]) for i in (0, 1, len(group) - 1)]",
      "print(json.dumps([group.attrs['name'], vars, scalars, settings]))",
    ].join("\n");
    const { stdout, stderr } = spawnSync("/usr/bin/python3", ["-c", script, path], { encoding: "utf8" });
    expect(stderr).toBe("");
    const [name, variables, scalars, settings] = JSON.parse(stdout) as [string, [string, number[]][], number[], object];
    expect(name).toBe("nadam");
    const of = (...shape: number[]): unknown => ["float32", shape];
    // Both moments of kernel, bias, gamma, beta, kernel and bias.
    const moments = [of(3, 3, 2, 3), of(3), of(3), of(3), of(18, 3), of(3)].flatMap((variable) => [variable, variable]);
    expect(variables).toEqual([["int64", []], of(), ...moments, of()]);
    const product = [1, 2, 3].reduce((all, t) => all * 0.9 * (1 - 0.5 * 0.96 ** t), 1);
    expect(scalars).toEqual([3, 0.25, Math.fround(product)]);
    expect(settings).toMatchObject({
      optimizer: { module: "keras.optimizers", class_name: "Nadam", config: { learning_rate: 0.25, beta_1: 0.9 } },
      loss: "sparse_categorical_crossentropy",
      loss_weights: null,
      metrics: ["accuracy"],
      weighted_metrics: null,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe.skipIf(reasonToSkip !== undefined)(`files of other people${reasonToSkip ? `: ${reasonToSkip}` : ""}`, () => {
  const file = (name: string): string => join(process.env.CONVOY_DATA_DIR ?? "", "models", name);

  // Steps as h5py and zipfile show them, and slots that are not 0.
  test.each([
    ["mnist-cnn-01.keras", "adam", ["momentum", "velocity"]],
    ["cifar10-cnn-keras2-11.keras", "adam", ["momentum", "velocity"]],
    ["mnist-cnn-keras3-29.h5", "adam", ["momentum", "velocity"]],
    ["cifar10-resnet8-27.h5", "adam", ["momentum", "velocity"]],
    ["fashion-mnist-cnn-keras2-23.h5", "adam", ["momentum", "velocity"]],
    ["mnist-cnn-keras2-25.h5", "rmsprop", ["velocity"]],
    ["mnist-cnn-really-hdf5-13.keras", "rmsprop", ["velocity"]],
  ])("%s has its optimizer go on", async (name, optimizer, slots) => {
    const told: string[] = [];
    const loaded = await loadModel(file(name), { backend, warn: (message) => told.push(message) });
    const state = (await loaded.getTrainingState()).optimizer;
    expect(state.name).toBe(optimizer);
    expect(state.iteration).toBeGreaterThan(100);
    expect(Object.keys(state.slots)).toEqual(slots);
    for (const [slot, weights] of Object.entries(state.slots)) {
      const values = Object.values<Float32Array>(weights).flatMap((data) => [...data]);
      expect(values.some((value) => value !== 0)).toBe(true);
      // Means of squares are none below 0.
      expect(slot === "velocity" && values.some((value) => value < 0)).toBe(false);
    }
    expect(told.filter((message) => message.includes("keeps"))).toEqual([]);
    loaded.dispose();
  });

  test("where Keras 1 has them in the order of the layers' names, it begins anew", async () => {
    const told: string[] = [];
    const warn = (message: string): number => told.push(message);
    const loaded = await loadModel(file("steering-cnn-keras1-21.h5"), { backend, warn });
    expect((await loaded.getTrainingState()).optimizer.iteration).toBe(0);
    expect(told).toEqual(expect.arrayContaining([expect.stringMatching(/begins anew/)]));
    loaded.dispose();
  });

  test("which then is the file's own, number by number", async () => {
    const name = "mnist-cnn-01.keras";
    const loaded = await loadModel(file(name), { backend, warn: () => undefined });
    const { readHdf5 } = await import("../../hdf5/readHdf5.js");
    const root = readHdf5(unzipSync(readFileSync(file(name)))["model.weights.h5"]!);
    const { slots, iteration } = (await loaded.getTrainingState()).optimizer;
    expect(iteration).toBe(root.get("optimizer/vars/0")!.tensor().data[0]);
    const expected: PlainData[] = Object.keys(slots.momentum!).map((path) => slots.velocity![path]!);
    expect(expected).toHaveLength(8);
    expected.forEach((values, index) => {
      expect(values).toEqual(root.get(`optimizer/vars/${3 + 2 * index}`)!.tensor().data);
    });
    loaded.dispose();
  });
});
