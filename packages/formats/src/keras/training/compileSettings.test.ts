import { type JsonValue, layers, sequential } from "@convoy/core";
import { reference } from "@convoy/core/reference";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { readKeras, writeKeras } from "../index.js";
import { knownSettings, type SettingsOf } from "./compileSettings.js";
import type { Loss, Metric } from "./lossSettings.js";
import type { Optimizer } from "./optimizerSettings.js";

/** Settings of a model with one output. */
function read(value: Record<string, JsonValue>) {
  const told: string[] = [];
  const { optimizer, loss, lossWeights, metrics } = knownSettings(value, (message) => told.push(message));
  return {
    optimizer: optimizer as Optimizer | undefined,
    loss: loss as Loss | undefined,
    lossWeights,
    metrics: metrics as readonly Metric[] | undefined,
    told,
  };
}

/** Settings of a model with two. */
function readTwo(value: Record<string, JsonValue>, version: SettingsOf["kerasMajor"] = 3) {
  const told: string[] = [];
  const settings = knownSettings(value, (message) => told.push(message), { outputs: 2, kerasMajor: version! });
  return { ...settings, told };
}

const made = (className: string, config: Record<string, JsonValue>): JsonValue => ({ class_name: className, config });

test("a file of Keras 3 whose options are Keras' defaults is read without a warning", () => {
  const { optimizer, loss, metrics, told } = read({
    optimizer: made("Adam", { learning_rate: 0.01 }),
    loss: made("CategoricalCrossentropy", {
      name: "categorical_crossentropy",
      reduction: "sum_over_batch_size",
      dtype: { class_name: "DTypePolicy", config: { name: "float32" } },
      from_logits: true,
      label_smoothing: 0.25,
      axis: -1,
    }),
    loss_weights: null,
    metrics: [
      "accuracy",
      made("Precision", { name: "precision", dtype: "float32", thresholds: null, top_k: null, class_id: null }),
      made("AUC", {
        name: "auc",
        num_thresholds: 50,
        curve: "PR",
        summation_method: "interpolation",
        multi_label: false,
        from_logits: false,
      }),
    ],
    weighted_metrics: null,
    run_eagerly: false,
    steps_per_execution: 1,
    jit_compile: true,
  });
  expect(told).toEqual([]);
  expect(optimizer?.config).toMatchObject({ learningRate: 0.01 });
  expect(loss?.config).toEqual({ fromLogits: true, labelSmoothing: 0.25 });
  expect(metrics?.map(({ name }) => name)).toEqual(["accuracy", "precision", "auc"]);
  expect(metrics?.[2]?.config).toMatchObject({ numThresholds: 50, curve: "PR" });
});

describe("metrics of a file", () => {
  test.each<[string, JsonValue]>([
    ["a number", 0.75],
    ["a list of one", [0.75]],
  ])("are given their thresholds, %s", (_, thresholds) => {
    const { metrics, told } = read({ loss: "mse", metrics: [[made("Recall", { name: "strict", thresholds })]] });
    expect(told).toEqual([]);
    expect(metrics?.[0]?.config).toEqual({ name: "strict", threshold: 0.75 });
  });

  test.each<[string, JsonValue]>([
    ["thresholds", [0.25, 0.75]],
    ["top_k", 3],
    ["class_id", 0],
  ])("are left out with a warning for %s, which there is not here", (option, value) => {
    const { metrics, told } = read({ loss: "mse", metrics: [made("Precision", { [option]: value })] });
    expect(metrics).toBeUndefined();
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(`has ${option} ${JSON.stringify(value)}, which there is not here`);
  });

  test.each<[string, JsonValue]>([
    ["curve", []],
    ["curve", "XYZ"],
    ["num_thresholds", "200"],
    // What would take gigabytes.
    ["num_thresholds", 1e9],
  ])("are left out with a warning for %s %j", (option, value) => {
    const { metrics, told } = read({ loss: "mse", metrics: [made("AUC", { [option]: value })] });
    expect(metrics).toBeUndefined();
    expect(told).toHaveLength(1);
  });

  test("without a loss are told", () => {
    const { metrics, told } = read({ loss: null, metrics: ["mae", "accuracy"] });
    expect(metrics).toBeUndefined();
    expect(told).toEqual([expect.stringMatching(/metrics meanAbsoluteError, accuracy .* no loss/)]);
  });
});

describe("the loss of a file", () => {
  test("is given class balancing", () => {
    const config = {
      apply_class_balancing: true,
      alpha: 0.5,
      gamma: 3,
      from_logits: false,
      label_smoothing: 0,
      axis: -1,
    };
    const { loss, told } = read({ loss: made("BinaryFocalCrossentropy", config) });
    expect(told).toEqual([]);
    expect(loss?.config).toMatchObject({ applyClassBalancing: true, alpha: 0.5, gamma: 3 });
  });

  test.each<[string, JsonValue]>([
    ["reduction", "sum"],
    ["axis", 1],
    ["ignore_class", 255],
    ["ignore_class", 0],
  ])("is left out with a warning for %s, which there is not here", (option, value) => {
    const { loss, told } = read({ loss: made("SparseCategoricalCrossentropy", { [option]: value }) });
    expect(loss).toBeUndefined();
    expect(told).toEqual([expect.stringContaining(`has ${option} ${JSON.stringify(value)}, which there is not here`)]);
  });

  test.each<[JsonValue]>([[0.5], [[0.5, 2]], [{ size: 0.5, kind: 2 }]])("is given its weights %j", (weights) => {
    const { lossWeights, told } = read({ loss: "mse", loss_weights: weights });
    expect(lossWeights).toEqual(weights);
    expect(told).toEqual([]);
  });
});

describe("settings of two outputs", () => {
  const names = (metrics: unknown): unknown =>
    Array.isArray(metrics)
      ? metrics.map(names)
      : "build" in (metrics as object)
        ? (metrics as Metric).name
        : Object.fromEntries(Object.entries(metrics as object).map(([name, value]) => [name, names(value)]));

  test("have losses in order or by name", () => {
    const listed = readTwo({ loss: ["mse", made("Huber", { delta: 2 })] });
    expect(listed.loss).toMatchObject([{ name: "meanSquaredError" }, { name: "huber", config: { delta: 2 } }]);
    const named = readTwo({ loss: { size: "mse", kind: "sparse_categorical_crossentropy" } });
    expect(names(named.loss)).toEqual({ size: "meanSquaredError", kind: "sparseCategoricalCrossentropy" });
    expect([...listed.told, ...named.told]).toEqual([]);
  });

  test("have no loss where one of them is not known", () => {
    const { loss, told } = readTwo({ loss: ["mse", "my_loss"] });
    expect(loss).toBeUndefined();
    expect(told).toEqual([expect.stringContaining("is not known here")]);
  });

  test.each([
    ["a list for each", [["mae"], []], 3, [["meanAbsoluteError"], []]],
    ["one for each", ["mae", "mse"], 3, ["meanAbsoluteError", "meanSquaredError"]],
    ["all for each", ["mae", "mse"], 2, [...Array(2)].fill(["meanAbsoluteError", "meanSquaredError"])],
    ["by name", { size: ["mae"], kind: "accuracy" }, 3, { size: ["meanAbsoluteError"], kind: ["accuracy"] }],
  ])("have metrics, %s", (_, metrics, version, expected) => {
    const settings = readTwo({ loss: "mse", metrics }, version);
    const flat = Array.isArray(expected) && !Array.isArray(expected[0]) ? expected.map((name) => [name]) : expected;
    expect(names(settings.metrics)).toEqual(flat);
    expect(settings.told).toEqual([]);
  });
});

test("weighted metrics and the mode of sample weights are told", () => {
  const { told } = read({
    loss: "mse",
    weighted_metrics: ["mae"],
    sample_weight_mode: "temporal",
    loss_weights: [null],
  });
  expect(told).toEqual([expect.stringContaining("weighted_metrics"), expect.stringContaining("sample_weight_mode")]);
});

test("settings that do not suit the outputs are told, and the model is loaded", async () => {
  const backend = await reference();
  const made = sequential([layers.dense({ units: 2, inputShape: [3] })]);
  const files = unzipSync(await writeKeras(made));
  const compile_config = { optimizer: "sgd", loss: "mse", loss_weights: [1, 2], metrics: ["mae"] };
  const config = { ...JSON.parse(strFromU8(files["config.json"]!)), compile_config };
  const told: string[] = [];
  const warn = (message: string) => told.push(message);
  const bytes = zipSync({ ...files, "config.json": strToU8(JSON.stringify(config)) });
  const again = await readKeras(bytes, { backend, warn });
  const samples = { data: Float32Array.of(1, 2, 3), shape: [1, 3] };
  expect((await again.predict(samples)).shape).toEqual([1, 2]);
  expect(told).toEqual([expect.stringMatching(/do not suit the model: compile: lossWeights has 2 entries/)]);
  backend.dispose();
});
