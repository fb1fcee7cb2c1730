import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/index.js";
import { input, layers, optimizers, sequential } from "../index.js";
import { reference } from "../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

const count = (length: number): number[] => Array.from({ length }, (_, index) => index + 1);

describe("terms of the loss", () => {
  const w = [0.5, -2];
  const net = (regularizer: { l1: number; l2: number }, trainable = true) =>
    sequential([
      layers.dense({ units: 1, useBias: false, kernelRegularizer: regularizer, inputShape: [2], trainable }),
      layers.dense({ units: 1, useBias: false, kernelInitializer: "ones" }),
    ]);

  it("regularizers add l1 |w| + l2 w^2 once a step, in training and evaluation", async () => {
    const plain = net({ l1: 0.1, l2: 0.01 });
    plain.compile({ backend, loss: "meanSquaredError", optimizer: optimizers.sgd({ learningRate: 1e-30 }) });
    await plain.setWeights([{ data: Float32Array.from(w), shape: [2, 1] }, [[1]]]);
    const x = count(5).map((value) => [value, 0]);
    const y = count(5).map((value) => [value * 0.5]);
    const term = 0.1 * 2.5 + 0.01 * 4.25;
    const { history } = await plain.fit(x, y, { batchSize: 2, verbose: 0 });
    expect(history.loss![0]).toBeCloseTo(term, 6);
    expect((await plain.evaluate(x, y, { verbose: 0, batchSize: 3 })).loss).toBeCloseTo(term, 6);
    expect((await plain.trainOnBatch(x, y)).loss).toBeCloseTo(term, 6);
    plain.dispose();
  });

  it("regularizers by name, and unknown ones refused", () => {
    const named = layers.conv2d({ filters: 1, kernelSize: 1, kernelRegularizer: "l2", biasConstraint: "nonNeg" });
    named(input({ shape: [2, 2, 1] }));
    const [kernel, bias] = named.weights!.parameters;
    expect(kernel!.regularizer).toEqual({ l1: 0, l2: 0.01 });
    expect(bias!.constraint!.name).toBe("nonNeg");
    expect(() => layers.dense({ units: 1, kernelRegularizer: "l3" as "l2" })).toThrow(/unknown regularizer "l3"/);
  });

  it("regularizers are trained by, and not of frozen weights", async () => {
    const plain = net({ l1: 0.1, l2: 0.01 });
    plain.compile({ backend, loss: "meanSquaredError", optimizer: optimizers.sgd({ learningRate: 1 }) });
    await plain.setWeights([{ data: Float32Array.from(w), shape: [2, 1] }, [[1]]]);
    await plain.trainOnBatch([[0, 0]], [[0]]);
    const [kernel] = await plain.getWeights();
    expect(kernel!.data[0]).toBeCloseTo(0.5 - (0.1 + 0.02 * 0.5), 6);
    expect(kernel!.data[1]).toBeCloseTo(-2 + (0.1 + 0.02 * 2), 6);
    plain.dispose();
    const frozen = net({ l1: 0.1, l2: 0.01 }, false);
    frozen.compile({ backend, loss: "meanSquaredError" });
    expect((await frozen.evaluate([[0, 0]], [[0]], { verbose: 0 })).loss).toBe(0);
    frozen.dispose();
  });

  it("activityRegularization adds its term a sample", async () => {
    const layer = sequential([
      layers.activityRegularization({ l1: 0.5, l2: 0.25, inputShape: [2] }),
      layers.dense({ units: 1, kernelInitializer: "zeros" }),
    ]);
    layer.compile({ backend, loss: "meanSquaredError", metrics: ["accuracy"], optimizer: "sgd" });
    const rows = [
      [1, -2],
      [3, 0],
      [0, 0],
    ];
    const expected = (0.5 * 3 + 0.25 * 5 + 0.5 * 3 + 0.25 * 9) / 3;
    const results = await layer.evaluate(rows, [[0], [0], [0]], { verbose: 0, batchSize: 2 });
    expect(results.loss).toBeCloseTo(expected, 6);
    expect(Object.keys(results)).toEqual(["loss", "accuracy"]);
    layer.dispose();
  });

  it("constraints hold after the update", async () => {
    const layer = sequential([
      layers.dense({
        units: 1,
        useBias: false,
        kernelInitializer: "ones",
        kernelConstraint: "nonNeg",
        inputShape: [1],
      }),
    ]);
    layer.compile({ backend, loss: "meanSquaredError", optimizer: optimizers.sgd({ learningRate: 10 }) });
    await layer.trainOnBatch([[1]], [[0]]);
    expect((await layer.getWeights())[0]!.data[0]).toBe(0);
    layer.dispose();
  });
});
