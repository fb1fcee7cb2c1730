import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/index.js";
import { callbacks, layers, metrics, sequential, type TensorInput } from "../index.js";
import { reference } from "../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

type Compile = Parameters<ReturnType<typeof sequential>["compile"]>[0];

/** A model whose outputs are its inputs. */
function passThrough(width: number, options: Omit<Compile, "backend">) {
  const model = sequential([layers.activation({ activation: "linear", inputShape: [width] })]);
  model.compile({ backend, ...options });
  return model;
}

async function judged(x: TensorInput, y: TensorInput, options: Omit<Compile, "backend">, batchSize = 256) {
  const model = passThrough(Array.isArray(x) && Array.isArray(x[0]) ? x[0].length : 1, options);
  const results = await model.evaluate(x, y, { verbose: 0, batchSize });
  model.dispose();
  return results;
}

const labels = Float32Array.of(0, 0, 1, 1, 1, 0, 1, 0);
const outputs = Float32Array.of(0.1, 0.5, 0.3, 0.9, 0.65, 0.62, 0.5, 0.05);
const binary = { loss: "binaryCrossentropy" } as const;

describe("precision and recall, by hand and as Keras 3 has them", () => {
  it("count predictions above the threshold, over steps of every size", async () => {
    for (const batchSize of [256, 3, 1]) {
      const result = await judged(outputs, labels, { ...binary, metrics: ["precision", "recall"] }, batchSize);
      // Above 0.5: 0.9, 0.65 (both right) and 0.62; four labels are 1.
      expect(result.precision).toBeCloseTo(2 / 3, 6);
      expect(result.recall).toBeCloseTo(2 / 4, 6);
    }
  });

  it("take other thresholds, under names of their own", async () => {
    const result = await judged(outputs, labels, {
      ...binary,
      metrics: [
        metrics.precision({ threshold: 0.64, name: "precise" }),
        metrics.recall({ threshold: 0.2 }),
        metrics.recall({ threshold: 0, name: "all" }),
        metrics.precision({ threshold: 1, name: "none" }),
      ],
    });
    expect(result).toMatchObject({ precise: 1, all: 1, recall: 1, none: 0 });
  });

  it("tell the smallest differences from a threshold apart, for every threshold", async () => {
    for (const threshold of [0.5, 0.1, 0.3, 0.75, 1, 1e-3, 0.999, 0]) {
      const bound = new Float32Array([threshold]);
      const above = bound.slice();
      new Uint32Array(above.buffer)[0]! += threshold === 0 ? 0x0d000000 : 1;
      const x = Float32Array.of(bound[0]!, above[0]!, -3, 1e30);
      const model = passThrough(1, { loss: "meanAbsoluteError", metrics: [metrics.precision({ threshold })] });
      const count = (await model.evaluate(x, Float32Array.of(1, 0, 1, 0), { verbose: 0 })).precision;
      const others = (await model.evaluate(x, Float32Array.of(0, 1, 0, 1), { verbose: 0 })).precision;
      expect([threshold, count, others]).toEqual([threshold, 0, 1]);
      model.dispose();
    }
  });

  it("count every output of a row", async () => {
    const x = [
      [0.9, 0.2, 0.7],
      [0.1, 0.8, 0.6],
    ];
    const y = [
      [1, 1, 0],
      [0, 1, 1],
    ];
    const result = await judged(x, y, { ...binary, metrics: ["precision", "recall"] });
    expect(result.precision).toBeCloseTo(3 / 4, 6);
    expect(result.recall).toBeCloseTo(3 / 4, 6);
  });
});

describe("auc", () => {
  // From Keras 3 in float32.
  it.each([
    ["ROC", 3, 0.625],
    ["ROC", 5, 0.78125],
    ["ROC", 200, 0.78125],
    ["PR", 3, 0.6117997],
    ["PR", 5, 0.7769966],
    ["PR", 200, 0.8157659],
  ] as const)("%s with %d thresholds", async (curve, numThresholds, expected) => {
    const metric = metrics.auc({ curve, numThresholds });
    for (const batchSize of [256, 3]) {
      expect((await judged(outputs, labels, { ...binary, metrics: [metric] }, batchSize)).auc).toBeCloseTo(expected, 5);
    }
  });

  it("by hand: thresholds below 0, at 0.5 and above 1", async () => {
    const metric = metrics.auc({ numThresholds: 3 });
    const y = Float32Array.of(0, 0, 1, 1);
    const result = await judged(Float32Array.of(0, 0.5, 0.3, 0.9), y, { ...binary, metrics: [metric] });
    // Recall is 1, 1/2, 0 and the share of false alarms 1, 0, 0: one trapezoid of (1 + 1/2) / 2.
    expect(result.auc).toBeCloseTo(0.75, 6);
  });

  it("starts anew with every evaluation, and evaluations at the same time do not mix", async () => {
    const model = passThrough(1, { ...binary, metrics: ["auc"] });
    const first = await model.evaluate(outputs, labels, { verbose: 0 });
    expect(await model.evaluate(outputs, labels, { verbose: 0 })).toEqual(first);
    const reversed = labels.map((label) => 1 - label);
    const both = await Promise.all([
      model.evaluate(outputs, labels, { verbose: 0, batchSize: 1 }),
      model.evaluate(outputs, reversed, { verbose: 0, batchSize: 1 }),
    ]);
    expect(both[0]!.auc).toBeCloseTo(0.78125, 5);
    expect(both[1]!.auc).toBeCloseTo(1 - 0.78125, 5);
    model.dispose();
  });

  it("is in every epoch's logs, of training and validation each its own, and can be watched", async () => {
    const model = sequential([layers.dense({ units: 1, activation: "sigmoid", inputShape: [2] })], { seed: 3 });
    model.compile({ backend, ...binary, optimizer: "adam", metrics: ["auc", "accuracy"] });
    const x = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
    const y = x.map(([a, b]) => [Number(a! + b! > 0)]);
    const onTheWay: string[][] = [];
    const { history } = await model.fit(x, y, {
      batchSize: 7,
      epochs: 3,
      verbose: 0,
      shuffle: false,
      validationData: [x, y],
      callbacks: [
        {
          onProgress: ({ logs }) => {
            onTheWay.push(Object.keys(logs));
          },
        },
        callbacks.earlyStopping({ monitor: "val_auc", mode: "max", patience: 5 }),
      ],
    });
    expect(Object.keys(history)).toEqual(["loss", "auc", "accuracy", "val_loss", "val_auc", "val_accuracy"]);
    expect(onTheWay[0]).toEqual(["loss", "accuracy"]);
    const { auc } = await model.evaluate(x, y, { verbose: 0 });
    expect(history.val_auc!.at(-1)).toBe(auc);
    expect(history.auc).toHaveLength(3);
    for (const value of [...history.auc!, ...history.val_auc!]) {
      expect(value).toBeGreaterThan(0.2);
      expect(value).toBeLessThanOrEqual(1);
    }
    const batch = await model.trainOnBatch(x, y);
    expect(batch.auc).toBeCloseTo(auc!, 6);
    model.dispose();
  });
});

describe("errors and accuracies under Keras' names", () => {
  it("meanSquaredError and meanAbsoluteError beside any loss", async () => {
    const x = [
      [0.25, 3],
      [2.5, 2],
    ];
    const y = [
      [0, 1],
      [2, 3],
    ];
    const result = await judged(x, y, { loss: "huber", metrics: ["meanSquaredError", "meanAbsoluteError"] });
    expect(result.meanAbsoluteError).toBeCloseTo(0.9375, 6);
    expect(result.meanSquaredError).toBeCloseTo((0.0625 + 4 + 0.25 + 1) / 4, 6);
  });

  it("binaryAccuracy with a threshold", async () => {
    const result = await judged(outputs, labels, {
      ...binary,
      metrics: ["binaryAccuracy", metrics.binaryAccuracy({ threshold: 0.64, name: "strict" })],
    });
    expect(result.binaryAccuracy).toBeCloseTo(5 / 8, 6);
    expect(result.strict).toBeCloseTo(6 / 8, 6);
  });

  it("categoricalAccuracy and sparseCategoricalAccuracy", async () => {
    const x = [
      [0.1, 0.9],
      [0.6, 0.4],
      [0.3, 0.7],
    ];
    const y = [
      [0, 1],
      [0, 1],
      [1, 0],
    ];
    const oneHot = await judged(x, y, { loss: "categoricalCrossentropy", metrics: ["categoricalAccuracy"] });
    expect(oneHot.categoricalAccuracy).toBeCloseTo(1 / 3, 6);
    const sparse = { loss: "sparseCategoricalCrossentropy", metrics: ["sparseCategoricalAccuracy"] } as const;
    expect((await judged(x, [1, 1, 1], sparse)).sparseCategoricalAccuracy).toBeCloseTo(2 / 3, 6);
  });

  it("say which labels they need, and refuse options out of range", async () => {
    const x = [[0.1, 0.9]];
    await expect(judged(x, [1], { loss: "sparseCategoricalCrossentropy", metrics: ["precision"] })).rejects.toThrow(
      /metric "precision" needs a label for each output.*"sparseCategoricalCrossentropy"/,
    );
    await expect(
      judged(x, [[0, 1]], { loss: "categoricalCrossentropy", metrics: ["sparseCategoricalAccuracy"] }),
    ).rejects.toThrow(/needs class numbers/);
    expect(() => metrics.precision({ threshold: 2 })).toThrow(/precision: threshold is 2/);
    expect(() => metrics.auc({ numThresholds: 1 })).toThrow(/auc: numThresholds is 1/);
    expect(() => metrics.auc({ numThresholds: 1e9 })).toThrow(/numThresholds is 1000000000, expected at most 1000000/);
    expect(() => metrics.auc({ curve: "roc" as "ROC" })).toThrow(/unknown auc curve "roc": did you mean "ROC"/);
  });
});

describe("confusionMatrix", () => {
  it("counts labels by row and predictions by column", () => {
    expect(metrics.confusionMatrix([0, 1, 2, 1], [0, 2, 2, 1])).toEqual([
      [1, 0, 0],
      [0, 1, 1],
      [0, 0, 1],
    ]);
    expect(metrics.confusionMatrix([0], Int32Array.of(0), { classes: 2 })).toEqual([
      [1, 0],
      [0, 0],
    ]);
  });

  it("takes what predict gives, one-hot labels and probabilities of class 1", () => {
    const scores = { data: Float32Array.of(0.2, 0.8, 0.9, 0.1, 0.4, 0.6), shape: [3, 2] };
    const expected = [
      [1, 1],
      [0, 1],
    ];
    expect(metrics.confusionMatrix([1, 0, 0], scores)).toEqual(expected);
    const oneHot = [
      [0, 1],
      [1, 0],
      [1, 0],
    ];
    expect(metrics.confusionMatrix(oneHot, scores)).toEqual(expected);
    const single = { data: Float32Array.of(0.8, 0.1, 0.6), shape: [3, 1] };
    expect(metrics.confusionMatrix(Uint8Array.of(1, 0, 0), single)).toEqual(expected);
  });

  it("refuses what does not fit", () => {
    expect(() => metrics.confusionMatrix([0, 1], [0])).toThrow(/labels are 2 rows, predictions 1/);
    expect(() => metrics.confusionMatrix([0, 3], [0, 1], { classes: 3 })).toThrow(
      /labels hold 3 at position 1, expected class numbers from 0 to 2/,
    );
    expect(() => metrics.confusionMatrix([0, 1.5], [0, 1])).toThrow(/labels hold 1.5/);
    expect(() => metrics.confusionMatrix([[0, 1], [1]], [0, 1])).toThrow(/ragged: row 1 has 1 numbers/);
  });
});
