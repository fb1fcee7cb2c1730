import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../backend/index.js";
import { ArgumentError, ModelFileError } from "../../errors.js";
import * as layers from "../../layers/index.js";
import { defineLayer, type Layer } from "../../layers/index.js";
import { inputTensor as input } from "../../layers/inputLayer.js";
import * as losses from "../../losses/index.js";
import { type Loss, lossFromConfig } from "../../losses/index.js";
import * as metrics from "../../metrics/index.js";
import { type Metric, metricFromConfig } from "../../metrics/index.js";
import * as optimizers from "../../optimizers/index.js";
import { type Optimizer, optimizerFromConfig } from "../../optimizers/index.js";
import * as schedules from "../../optimizers/schedules.js";
import { reference } from "../../reference/index.js";
import * as safetensors from "../../saving/safetensors.js";
import {
  type CompileOptions,
  layerFromConfig,
  loadModel,
  type Model,
  model,
  modelTopology,
  type Sequential,
  sequential,
} from "../index.js";

let backend: Backend;
let folder: string;

beforeAll(async () => {
  backend = await reference();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "convoy-saving-")));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const images = { data: Float32Array.from({ length: 20 * 36 }, (_, i) => Math.sin(i)), shape: [20, 6, 6, 1] };
const labels = Int32Array.from({ length: 20 }, (_, i) => i % 3);

function network(seed = 1): Sequential {
  return sequential(
    [
      layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [6, 6, 1] }),
      layers.batchNormalization(),
      layers.dropout({ rate: 0.25 }),
      layers.flatten(),
      layers.dense({ units: 3, activation: "softmax" }),
    ],
    { seed },
  );
}

const training = { loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] } as const;

async function weightsOf(of: Model<unknown>): Promise<number[][]> {
  return (await of.getWeights()).map(({ data }) => [...data]);
}

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
});

/** An optimizer, loss or metric as it is made, and what makes it again from JSON. */
const again = <T extends object>(
  make: (what: string, value: never, custom: object) => T,
  of: { className?: string; config?: unknown },
) => make("x", JSON.parse(JSON.stringify({ className: of.className, config: of.config })) as never, {});

describe("what a model was compiled with", () => {
  const everyLoss: Record<string, Loss> = {
    sparseCategoricalCrossentropy: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    categoricalCrossentropy: losses.categoricalCrossentropy({ labelSmoothing: 0.1, fromLogits: true }),
    binaryCrossentropy: losses.binaryCrossentropy({ labelSmoothing: 0.2 }),
    categoricalFocalCrossentropy: losses.categoricalFocalCrossentropy({ alpha: 0.5, gamma: 1, labelSmoothing: 0.1 }),
    binaryFocalCrossentropy: losses.binaryFocalCrossentropy({ gamma: 3, applyClassBalancing: true }),
    meanSquaredError: losses.meanSquaredError(),
    meanAbsoluteError: losses.meanAbsoluteError(),
    huber: losses.huber({ delta: 0.5 }),
    klDivergence: losses.klDivergence(),
  };
  const everyMetric: Record<string, Metric> = {
    accuracy: metrics.accuracy(),
    binaryAccuracy: metrics.binaryAccuracy({ threshold: 0.4, name: "right" }),
    categoricalAccuracy: metrics.categoricalAccuracy(),
    sparseCategoricalAccuracy: metrics.sparseCategoricalAccuracy(),
    topKCategoricalAccuracy: metrics.topKCategoricalAccuracy({ k: 2 }),
    precision: metrics.precision({ threshold: 0.3 }),
    recall: metrics.recall({ name: "found" }),
    auc: metrics.auc({ curve: "PR", numThresholds: 50 }),
    meanSquaredError: metrics.meanSquaredError(),
    meanAbsoluteError: metrics.meanAbsoluteError(),
  };
  const common = { weightDecay: 0.01, clipNorm: 1, useEma: true, emaMomentum: 0.9, emaOverwriteFrequency: 3 };
  const everyOptimizer: Record<string, Optimizer> = {
    sgd: optimizers.sgd({ momentum: 0.9, nesterov: true, learningRate: schedules.constant(0.3), ...common }),
    rmsprop: optimizers.rmsprop({
      rho: 0.8,
      momentum: 0.1,
      epsilon: 1e-5,
      centered: true,
      gradientAccumulationSteps: 2,
    }),
    adam: optimizers.adam({ beta1: 0.8, beta2: 0.9, epsilon: 1e-4, amsgrad: true, clipValue: 0.5 }),
    adamW: optimizers.adamW({
      learningRate: schedules.stepDecay({ initialLearningRate: 1, dropEvery: 3, factor: 0.1 }),
    }),
    nadam: optimizers.nadam({
      learningRate: schedules.warmUp({
        steps: 3,
        from: 0.1,
        followedBy: schedules.cosineDecay({ initialLearningRate: 1, decaySteps: 9, alpha: 0.1 }),
      }),
    }),
    adagrad: optimizers.adagrad({
      ...{ initialAccumulatorValue: 0.3, epsilon: 1e-3, globalClipNorm: 2 },
      learningRate: schedules.exponentialDecay({
        initialLearningRate: 1,
        decaySteps: 4,
        decayRate: 0.5,
        staircase: true,
      }),
    }),
    lion: optimizers.lion({
      beta1: 0.7,
      beta2: 0.8,
      weightDecay: 0.3,
      learningRate: schedules.warmUp({ steps: 2, followedBy: 0.5 }),
    }),
  };

  const scheduled: Record<string, Optimizer> = {
    adamRestarting: optimizers.adam({
      learningRate: schedules.cosineDecayRestarts({
        ...{ initialLearningRate: 1, firstDecaySteps: 3, tMul: 1.5, mMul: 0.9, alpha: 0.01 },
      }),
    }),
    adamPieces: optimizers.adam({
      learningRate: schedules.piecewiseConstantDecay({ boundaries: [2, 4], values: [1, 0.1, 0.01] }),
    }),
    sgdLine: optimizers.sgd({
      learningRate: schedules.polynomialDecay({
        ...{ initialLearningRate: 1, decaySteps: 5, endLearningRate: 0.2, power: 2, cycle: true },
      }),
    }),
    sgdInverse: optimizers.sgd({
      learningRate: schedules.inverseTimeDecay({
        ...{ initialLearningRate: 1, decaySteps: 2, decayRate: 0.3, staircase: true },
      }),
    }),
  };

  it("is, of each kind, among these", () => {
    const functions = (of: object, others: readonly string[] = []): string[] =>
      Object.entries(of)
        .filter(
          ([name, value]) =>
            typeof value === "function" && !/^resolve|FromConfig$/.test(name) && !others.includes(name),
        )
        .map(([name]) => name)
        .sort();
    expect(Object.keys(everyLoss).sort()).toEqual(functions(losses));
    expect(Object.keys(everyMetric).sort()).toEqual(functions(metrics, ["confusionMatrix"]));
    expect(Object.keys(everyOptimizer).sort()).toEqual(functions(optimizers));
    const used = JSON.stringify(Object.values({ ...everyOptimizer, ...scheduled }).map(({ config }) => config));
    for (const name of functions(schedules, ["toSchedule", "rateConfig"])) {
      const className = name === "constant" ? "ConstantRate" : `${name[0]!.toUpperCase()}${name.slice(1)}`;
      expect(used).toContain(`"${className}"`);
    }
  });

  it.each(Object.entries({ ...everyOptimizer, ...scheduled }))("%s is made again", (_, optimizer) => {
    const made = again((_what, value, custom) => optimizerFromConfig(value, custom as never), optimizer);
    expect(made).toMatchObject({
      name: optimizer.name,
      className: optimizer.className,
      config: optimizer.config,
      slots: optimizer.slots,
    });
    for (let step = 0; step < 12; step++) {
      expect(made.schedule(step)).toBe(optimizer.schedule(step));
      expect(made.stepValues(step, 0.1)).toEqual(optimizer.stepValues(step, 0.1));
    }
  });

  it.each(Object.entries(everyLoss))("loss %s is made again", (_, loss) => {
    const made = again(lossFromConfig as never, loss) as Loss;
    expect({ ...made, build: 0 }).toEqual({ ...loss, build: 0 });
  });

  it.each(Object.entries(everyMetric))("metric %s is made again", (_, metric) => {
    const made = again(metricFromConfig as never, metric) as Metric;
    expect({ ...made, build: 0, finish: 0 }).toEqual({ ...metric, build: 0, finish: 0 });
  });

  it("comes back, of every output, and evaluates the same", async () => {
    const x = input({ shape: [4] });
    const build = () =>
      model({
        inputs: x,
        outputs: { a: layers.dense({ units: 3 })(x), b: layers.dense({ units: 2, activation: "sigmoid" })(x) },
        seed: 3,
      });
    const made = build();
    made.compile({
      backend,
      optimizer: optimizers.sgd({ momentum: 0.5 }),
      loss: { a: losses.huber({ delta: 0.25 }), b: losses.binaryCrossentropy({ labelSmoothing: 0.1 }) },
      lossWeights: { a: 0.5, b: 2 },
      metrics: {
        b: [metrics.precision({ threshold: 0.7 }), metrics.auc({ numThresholds: 10 })],
        a: ["meanAbsoluteError"],
      },
    });
    const data = { data: Float32Array.from({ length: 32 }, (_, i) => Math.cos(i)), shape: [8, 4] };
    const targets = {
      a: { data: Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)), shape: [8, 3] },
      b: { data: Float32Array.from({ length: 16 }, (_, i) => i % 2), shape: [8, 2] },
    };
    const loaded = await loadModel<{ a: unknown; b: unknown }>(await made.save(), { backend });
    expect(await loaded.evaluate(data, targets, { verbose: 0 })).toEqual(
      await made.evaluate(data, targets, { verbose: 0 }),
    );
    expect(Object.keys(await loaded.predict(data))).toEqual(["a", "b"]);
  });

  it("is left out on request, and where it does not say how it is made that is an error with the remedy", async () => {
    const made = network();
    const own = { ...losses.sparseCategoricalCrossentropy(), name: "mine", className: undefined } as unknown as Loss;
    made.compile({ backend, loss: own });
    await expect(made.save()).rejects.toThrow(ArgumentError);
    await expect(made.save()).rejects.toThrow(/loss "mine" does not say how it is made.*includeOptimizer: false/);
    expect(safetensors.read(await made.save(undefined, { includeOptimizer: false })).metadata.has("training")).toBe(
      false,
    );
    made.compile({ backend, optimizer: optimizers.adam({ learningRate: () => 0.1 }), ...training });
    await expect(made.save()).rejects.toThrow(/the schedule does not say how it is made/);
    await expect(made.save(undefined, { optimizer: false } as never)).rejects.toThrow(/save: unknown option optimizer/);
  });

  it("may be objects of one's own", async () => {
    const made = network();
    const halved = Object.assign((step: number) => 0.5 ** step, { className: "Halved", config: {} });
    const loss: Loss = { ...losses.sparseCategoricalCrossentropy(), className: "Mine", config: { a: 1 } };
    made.compile({
      backend,
      optimizer: optimizers.sgd({ learningRate: halved }),
      loss,
      metrics: [{ ...metrics.accuracy(), className: "Right" }],
    });
    const bytes = await made.save();
    const customObjects = { Halved: () => halved, Mine: () => loss, Right: () => metrics.accuracy() };
    const loaded = await loadModel(bytes, { backend, customObjects });
    expect(await loaded.evaluate(images, labels, { verbose: 0 })).toEqual(
      await made.evaluate(images, labels, { verbose: 0 }),
    );
    // Without a backend nothing of it is needed.
    await loadModel(bytes);
    await expect(loadModel(bytes, { backend })).rejects.toThrow(
      /training: compile: unknown class of the schedule "Halved"/,
    );
  });
});

describe("training", () => {
  const optimizersInUse: [string, CompileOptions["optimizer"]][] = [
    ["adam", "adam"],
    [
      "momentum and a schedule",
      optimizers.sgd({
        momentum: 0.9,
        learningRate: schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 30 }),
      }),
    ],
    [
      "accumulation and an average",
      optimizers.adamW({ gradientAccumulationSteps: 2, useEma: true, emaOverwriteFrequency: 2 }),
    ],
  ];

  it.each(optimizersInUse)("goes on from a file to the same bits: %s", async (_, optimizer) => {
    const path = join(folder, "trained.safetensors");
    const made = network();
    made.compile({ backend, ...(optimizer ? { optimizer } : {}), ...training });
    await made.fit(images, labels, { epochs: 2, batchSize: 8, verbose: 0 });
    await made.save(path);
    const loaded = await loadModel(path, { backend });
    expect(await loaded.getTrainingState()).toEqual(await made.getTrainingState());
    const rest = { epochs: 4, verbose: 0 } as const;
    const expected = await made.fit(images, labels, { ...rest, resumeFrom: await made.getTrainingState() });
    const actual = await loaded.fit(images, labels, { ...rest, resumeFrom: await loaded.getTrainingState() });
    expect(actual.history).toEqual(expected.history);
    expect(await loaded.save()).toEqual(await made.save());
  });

  it("is saved from the middle of an epoch", async () => {
    const uninterrupted = network();
    uninterrupted.compile({ backend, optimizer: "adam", ...training });
    const saved: Uint8Array[] = [];
    const { history } = await uninterrupted.fit(images, labels, {
      ...{ epochs: 3, batchSize: 4, verbose: 0 },
      callbacks: [
        {
          async onBatchEnd(step) {
            if (step === 2) {
              saved.push(await uninterrupted.save());
            }
          },
        },
      ],
    });
    expect(saved).toHaveLength(3);
    const loaded = await loadModel(saved[1]!, { backend });
    const state = await loaded.getTrainingState();
    expect(state.fit).toMatchObject({ epoch: 1, begun: true });
    const resumed = await loaded.fit(images, labels, { epochs: 3, verbose: 0, resumeFrom: state });
    expect(resumed.history.loss).toEqual(history.loss!.slice(1));
    expect(await weightsOf(loaded)).toEqual(await weightsOf(uninterrupted));
  });

  it("a state that does not fit is refused", async () => {
    const made = network();
    made.compile({ backend, optimizer: "adam", ...training });
    await made.fit(images, labels, { verbose: 0 });
    const { tensors, metadata } = safetensors.read(await made.save());
    const spoil = (
      change: (state: { optimizer: Record<string, unknown>; fit: Record<string, unknown> }) => void,
    ): Uint8Array => {
      const part = JSON.parse(metadata.get("training")!) as { state: Parameters<typeof change>[0] };
      change(part.state);
      const all = [...tensors].map(
        ([name, stored]) => [name, { data: safetensors.numbers(stored), shape: stored.shape }] as const,
      );
      return safetensors.write({
        tensors: all,
        metadata: { ...Object.fromEntries(metadata), training: JSON.stringify(part) },
      });
    };
    const cases: [Parameters<typeof spoil>[0], RegExp][] = [
      [(state) => (state.optimizer.name = "sgd"), /of optimizer "sgd", the model was compiled with "adam"/],
      [(state) => (state.optimizer.iteration = -1), /training: state.optimizer.iteration is -1, expected an integer/],
      [(state) => (state.optimizer.slots = {}), /slots of adam: it lacks "momentum", "velocity"/],
      [
        (state) => (state.optimizer.slots = { momentum: { a: 1 } }),
        /slots.momentum\["a"\] is 1, expected a tensor of type F32/,
      ],
      [(state) => (state.optimizer.slots = [1]), /slots is \[1\], expected an object/],
      [(state) => (state.optimizer.learningRate = "fast"), /learningRate is "fast"/],
      [(state) => (state.fit.epoch = 0.5), /fit.epoch is 0.5/],
      [(state) => (state.fit.begun = 1), /fit.begun is 1, expected true or false/],
      [(state) => (state.fit.sums = { samples: 1, totals: ["a"], counts: {} }), /sums.totals is \["a"\]/],
      [
        (state) => (state.fit.sums = { samples: 1, totals: [1], counts: { 0: 1 } }),
        /counts\["0"\] is 1, expected a tensor/,
      ],
      [(state) => (state.fit.callbacks = null), /callbacks is null/],
    ];
    for (const [change, message] of cases) {
      await expect(loadModel(spoil(change), { backend })).rejects.toThrow(ModelFileError);
      await expect(loadModel(spoil(change), { backend })).rejects.toThrow(message);
      // What is not asked for is not looked at.
      await loadModel(spoil(change));
    }
  });
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
});
