import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/index.js";
import { input, layers, model, optimizers, sequential } from "../index.js";
import { reference } from "../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

describe("layers that stretch axes of size 1", () => {
  it("multiply images by a weight a channel, and add a map to all channels", async () => {
    const x = input({ shape: [2, 1, 2] });
    const [weights, map] = [input({ shape: [2] }), input({ shape: [2, 1, 1] })];
    const net = model({
      inputs: [x, weights, map],
      outputs: [layers.multiply()([x, weights]), layers.add()([map, x]), layers.maximum()([weights, map])],
    });
    net.compile({ backend });
    const row = (data: readonly number[], ...shape: number[]) => ({
      data: Float32Array.from(data),
      shape: [1, ...shape],
    });
    const found = await net.predict([row([1, 2, 3, 4], 2, 1, 2), row([10, 100], 2), row([1000, 0], 2, 1, 1)]);
    expect(found.map(({ data }) => [...data])).toEqual([
      [10, 200, 30, 400],
      [1001, 1002, 3, 4],
      [1000, 1000, 10, 100],
    ]);
    expect(found.map(({ shape }) => shape)).toEqual([
      [1, 2, 1, 2],
      [1, 2, 1, 2],
      [1, 2, 1, 2],
    ]);
    net.dispose();
  });

  it("sum the gradients over what they stretched", async () => {
    const scale = layers.dense({ units: 2, useBias: false, kernelInitializer: "zeros" });
    const x = input({ shape: [3, 2] });
    const one = input({ shape: [1] });
    const net = model({ inputs: [x, one], outputs: layers.multiply()([x, scale(one)]) });
    net.compile({ backend, loss: "meanSquaredError", optimizer: optimizers.sgd({ learningRate: 1 }) });
    const images = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [1, 3, 2] };
    // The loss is the mean of (x w - x)^2 over six numbers: its slope at w = 0 is -2 x^2 / 6, summed by channel.
    await net.trainOnBatch([images, [[1]]], images);
    const [kernel] = await net.getWeights();
    expect(kernel!.data[0]).toBeCloseTo((2 * (1 + 9 + 25)) / 6, 4);
    expect(kernel!.data[1]).toBeCloseTo((2 * (4 + 16 + 36)) / 6, 4);
    net.dispose();
  });

  it.each([
    [[3], [2, 2, 1], [-1, -1, -2, -2, -3, -3, -4, -4]],
    [
      [1, 2],
      [1, 1, 2],
      [-1, -2, -1, -2, -1, -2, -1, -2],
    ],
    [[2], [2, 1, 2], [-1, -2, -1, -2, -3, -4, -3, -4]],
    [[1], [1, 2, 2], [-1, -2, -3, -4, -1, -2, -3, -4]],
    [
      [1, 2, 3],
      [1, 1, 1],
      [-1, -1, -1, -1, -1, -1, -1, -1],
    ],
  ])("prelu shares the slopes of axes %j", async (sharedAxes, shape, expected) => {
    const layer = layers.prelu({ sharedAxes, inputShape: [2, 2, 2] });
    const net = sequential([layer]);
    net.compile({ backend });
    expect(layer.weights!.parameters.map((parameter) => parameter.shape)).toEqual([shape]);
    const slopes = shape.reduce((size, length) => size * length, 1);
    await net.setWeights([{ data: Float32Array.from({ length: slopes }, (_, index) => index + 1), shape }]);
    const minus = { data: new Float32Array(16).fill(-1), shape: [2, 2, 2, 2] };
    expect([...(await net.predict(minus)).data]).toEqual([...expected, ...expected]);
    net.dispose();
  });
});
