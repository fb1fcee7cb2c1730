import { beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../backend/index.js";
import { ArgumentError } from "../../errors.js";
import * as layers from "../../layers/index.js";
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
import { loadModel, model } from "../index.js";
import { images, labels, network, training } from "./testing/sampleNetwork.js";

let backend: Backend;

beforeAll(async () => {
  backend = await reference();
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
