import { type JsonValue, losses, metrics, type ObjectConfig, optimizers, schedules } from "@convoy/core";
import { describe, expect, test } from "vitest";
import { keras2, keras3 } from "../topology/dialect.js";
import { readLoss, readMetric } from "./lossSettings.js";
import { NoCounterpart } from "./noCounterpart.js";
import { readOptimizer } from "./optimizerSettings.js";
import { kerasJson } from "./writeCompileSettings.js";
import { writeLoss, writeMetric } from "./writeLosses.js";
import { writeOptimizer } from "./writeOptimizer.js";

/** An optimizer and the like as a model file of Convoy's own has it. */
const configured = ({ className, config }: { className?: string; config?: object }): ObjectConfig =>
  JSON.parse(JSON.stringify({ className, config })) as ObjectConfig;

const told: string[] = [];
const back = (written: JsonValue) =>
  readOptimizer(JSON.parse(kerasJson(written)) as JsonValue, (message) => told.push(message))!;

const common = { learningRate: 0.02, clipNorm: 2, useEma: true, emaMomentum: 0.9, emaOverwriteFrequency: 5 };

describe.each([keras2, keras3])("an optimizer written for $name", (dialect) => {
  test.each([
    ["sgd", optimizers.sgd()],
    ["sgd with options", optimizers.sgd({ ...common, momentum: 0.8, nesterov: true })],
    ["sgd at rate 1", optimizers.sgd({ learningRate: 1 })],
    ["rmsprop", optimizers.rmsprop()],
    ["rmsprop with options", optimizers.rmsprop({ ...common, rho: 0.8, momentum: 0.3, epsilon: 1e-5, centered: true })],
    ["adam", optimizers.adam()],
    ["adam with options", optimizers.adam({ ...common, beta1: 0.8, beta2: 0.9, epsilon: 1e-5, amsgrad: true })],
    ["adam with weight decay", optimizers.adam({ weightDecay: 0.01, clipValue: 0.5 })],
    ["adamW", optimizers.adamW()],
    ["adamW without decay", optimizers.adamW({ weightDecay: 0 })],
    ["nadam", optimizers.nadam({ beta1: 0.8, globalClipNorm: 3 })],
    ["adagrad", optimizers.adagrad({ initialAccumulatorValue: 0.2, epsilon: 1e-5 })],
    ["lion", optimizers.lion({ beta1: 0.8, beta2: 0.9, weightDecay: 0.1 })],
  ])("is read as the same: %s", (_, optimizer) => {
    expect(configured(back(writeOptimizer(configured(optimizer), dialect)))).toEqual(configured(optimizer));
    expect(told).toEqual([]);
  });

  const decay = schedules.cosineDecay({ initialLearningRate: 0.3, decaySteps: 10, alpha: 0.1 });
  test.each([
    ["constant", schedules.constant(0.5)],
    ["stepDecay", schedules.stepDecay({ initialLearningRate: 1, dropEvery: 3, factor: 0.5 })],
    ["exponentialDecay", schedules.exponentialDecay({ initialLearningRate: 0.4, decaySteps: 5, decayRate: 0.9 })],
    ["inverseTimeDecay", schedules.inverseTimeDecay({ initialLearningRate: 0.4, decaySteps: 5, decayRate: 2 })],
    ["polynomialDecay", schedules.polynomialDecay({ initialLearningRate: 1, decaySteps: 5, power: 2, cycle: true })],
    ["piecewiseConstantDecay", schedules.piecewiseConstantDecay({ boundaries: [2, 5], values: [1, 0.5, 0.1] })],
    ["cosineDecay", decay],
    ["cosineDecayRestarts", schedules.cosineDecayRestarts({ initialLearningRate: 0.2, firstDecaySteps: 4, mMul: 0.5 })],
    ["warmUp", schedules.warmUp({ steps: 4, followedBy: decay })],
  ])("follows its schedule: %s", (_, schedule) => {
    const again = back(writeOptimizer(configured(optimizers.adam({ learningRate: schedule })), dialect));
    for (const step of [0, 1, 2, 3, 5, 7, 12, 40]) {
      expect(again.schedule(step)).toBeCloseTo(schedule(step), 12);
    }
    expect(told).toEqual([]);
  });
});

test("what Keras does not have is named", () => {
  const write = (optimizer: object, dialect = keras3) => writeOptimizer(configured(optimizer), dialect);
  const warmed = schedules.warmUp({ steps: 4, followedBy: 0.1 });
  expect(() => write(optimizers.adam({ learningRate: warmed }))).toThrow(/warm-up.*constant rate/);
  expect(() => write({ className: "Mine", config: { learningRate: 1 } })).toThrow(/optimizer Mine/);
  expect(() => write(optimizers.sgd({ gradientAccumulationSteps: 2 }), keras2)).toThrow(NoCounterpart);
  expect(write(optimizers.sgd({ gradientAccumulationSteps: 2 }))).toMatchObject({
    config: { gradient_accumulation_steps: 2 },
  });
  expect(() => writeLoss({ className: "Mine", config: {} }, keras3)).toThrow(/loss Mine/);
  expect(() => writeMetric({ className: "Mine", config: {} }, undefined, keras3)).toThrow(/metric Mine/);
});

test("options that say nothing are written for Keras 3 alone: each version of Keras 2 refuses those of others", () => {
  const plain = configured(optimizers.adam());
  const own = { learning_rate: 0.001, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, amsgrad: false };
  expect(writeOptimizer(plain, keras2).config).toEqual({ name: "adam", ...own });
  expect(writeOptimizer(plain, keras3).config).toEqual({
    ...{ name: "adam", ...own, weight_decay: null, clipnorm: null, global_clipnorm: null, clipvalue: null },
    ...{ use_ema: false, ema_momentum: 0.99, ema_overwrite_frequency: null },
    ...{ loss_scale_factor: null, gradient_accumulation_steps: null },
  });
  const averaged = configured(optimizers.adam({ useEma: true }));
  expect(writeOptimizer(averaged, keras2).config).toEqual({
    ...{ name: "adam", ...own, use_ema: true, ema_momentum: 0.99, ema_overwrite_frequency: null },
  });
});

test("rates are floats also where they are whole, as Keras takes no integer for one", () => {
  const warmed = schedules.warmUp({
    steps: 4,
    followedBy: schedules.cosineDecay({ initialLearningRate: 2, decaySteps: 3 }),
  });
  const text = (learningRate: Parameters<typeof optimizers.sgd>[0]) =>
    kerasJson(writeOptimizer(configured(optimizers.sgd(learningRate)), keras3));
  expect(text({ learningRate: 1 })).toContain('"learning_rate":1.0,');
  expect(text({ learningRate: warmed })).toMatch(/"initial_learning_rate":0\.0,.*"warmup_target":2\.0,/);
  const pieces = schedules.piecewiseConstantDecay({ boundaries: [2, 5], values: [1, 0.5, 0] });
  expect(text({ learningRate: pieces })).toContain('"values":[1.0,0.5,0.0]');
  // Names of layers may look like options.
  expect(kerasJson({ name: '"learning_rate":1,' })).toBe(JSON.stringify({ name: '"learning_rate":1,' }));
});

describe.each([keras2, keras3])("for $name", (dialect) => {
  test.each([
    ["sparse_categorical_crossentropy", losses.sparseCategoricalCrossentropy()],
    ["categorical_crossentropy", losses.categoricalCrossentropy()],
    ["binary_crossentropy", losses.binaryCrossentropy()],
    ["categorical_focal_crossentropy", losses.categoricalFocalCrossentropy()],
    ["binary_focal_crossentropy", losses.binaryFocalCrossentropy()],
    ["mean_squared_error", losses.meanSquaredError()],
    ["mean_absolute_error", losses.meanAbsoluteError()],
    ["huber", losses.huber()],
    ["kl_divergence", losses.klDivergence()],
    [{ class_name: "SparseCategoricalCrossentropy" }, losses.sparseCategoricalCrossentropy({ fromLogits: true })],
    [{ class_name: "CategoricalCrossentropy" }, losses.categoricalCrossentropy({ labelSmoothing: 0.1 })],
    [{ class_name: "BinaryFocalCrossentropy" }, losses.binaryFocalCrossentropy({ applyClassBalancing: true })],
    [
      { class_name: "Huber", config: { name: "huber", reduction: "sum_over_batch_size", delta: 3 } },
      losses.huber({ delta: 3 }),
    ],
  ] as [JsonValue, ReturnType<typeof losses.huber>][])("a loss is %j and read as the same", (expected, loss) => {
    const written = writeLoss(configured(loss), dialect);
    expect(written).toEqual(typeof expected === "string" ? expected : expect.objectContaining(expected as object));
    expect(configured(readLoss(written)!)).toEqual(configured(loss));
  });

  test.each([
    ["accuracy", metrics.accuracy()],
    ["binary_accuracy", metrics.binaryAccuracy()],
    ["sparse_categorical_accuracy", metrics.sparseCategoricalAccuracy()],
    ["categorical_accuracy", metrics.categoricalAccuracy()],
    ["mean_absolute_error", metrics.meanAbsoluteError()],
    ["mean_squared_error", metrics.meanSquaredError()],
    ["BinaryAccuracy", metrics.binaryAccuracy({ threshold: 0.3 })],
    ["TopKCategoricalAccuracy", metrics.topKCategoricalAccuracy({ k: 3 })],
    ["Precision", metrics.precision({ name: "Strict", threshold: 0.9 })],
    ["Recall", metrics.recall()],
    ["AUC", metrics.auc({ numThresholds: 50, curve: "PR" })],
  ])("a metric is %s and read as the same", (expected, metric) => {
    const written = writeMetric(configured(metric), undefined, dialect);
    expect(typeof written === "string" ? written : (written as { class_name: string }).class_name).toBe(expected);
    expect(configured(readMetric(written)!)).toEqual(configured(metric));
  });

  test("top k is of class numbers where the loss is", () => {
    const metric = configured(metrics.topKCategoricalAccuracy({ k: 3 }));
    const written = writeMetric(metric, configured(losses.sparseCategoricalCrossentropy()), dialect);
    expect(written).toMatchObject({ class_name: "SparseTopKCategoricalAccuracy", config: { k: 3 } });
    expect(configured(readMetric(written)!)).toEqual(metric);
  });
});
