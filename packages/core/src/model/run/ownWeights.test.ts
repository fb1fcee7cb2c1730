import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../backend/index.js";
import { runningCentre } from "../../conformance/runningCentre.js";
import {
  ArgumentError,
  defineLayer,
  initializers,
  type Layer,
  layers,
  NonFiniteLossError,
  optimizers,
  sequential,
} from "../../index.js";
import { reference } from "../../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

const rows = 10;
const x = {
  data: Float32Array.from({ length: rows * 2 }, (_, index) => Math.sin(index * 1.7) + 0.5),
  shape: [rows, 2],
};
const y = { data: Float32Array.from({ length: rows * 2 }, (_, index) => Math.cos(index) * 2), shape: [rows, 2] };
const learningRate = 0.05;
const batchSize = 4;

/** The centre alone on [N,2], trained by its squared error. */
function compiled(layer: Layer = runningCentre({ inputShape: [2] }), rate = learningRate) {
  const model = sequential([layer]);
  model.compile({ backend, optimizer: optimizers.sgd({ learningRate: rate }), loss: "meanSquaredError" });
  return model;
}

/** What training comes to, by hand in float64. */
function byHand(epochs: number): { shift: number[]; centre: number[]; loss: number[] } {
  const [shift, centre] = [
    [0.25, 0.25],
    [0, 0],
  ];
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    let loss = 0;
    for (let start = 0; start < rows; start += batchSize) {
      const batch = Array.from({ length: Math.min(batchSize, rows - start) }, (_, row) => start + row);
      [0, 1].forEach((channel) => {
        const centred = batch.map((row) => x.data[row * 2 + channel]! + centre![channel]!);
        const errors = batch.map((row, index) => centred[index]! + shift![channel]! - y.data[row * 2 + channel]!);
        const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
        loss += sum(errors.map((error) => error ** 2)) / 2;
        shift![channel]! -= (learningRate * sum(errors)) / batch.length;
        centre![channel]! -= learningRate * sum(centred);
      });
    }
    losses.push(loss / rows);
  }
  return { shift: shift!, centre: centre!, loss: losses };
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, index) => {
    expect(actual[index]).toBeCloseTo(value, 5);
  });
}

const quiet = { verbose: 0, shuffle: false, batchSize } as const;

describe("a weight that its layer updates in training", () => {
  it("changes once a step, a smaller last batch included, beside what the optimizer trains", async () => {
    const model = compiled();
    const { history } = await model.fit(x, y, { ...quiet, epochs: 3 });
    const [shift, centre] = await model.getWeights();
    const expected = byHand(3);
    expectClose(shift!.data, expected.shift);
    expectClose(centre!.data, expected.centre);
    expectClose(history.loss!, expected.loss);
    model.dispose();
  });

  it("is read by evaluation and prediction, which do not change it", async () => {
    const model = compiled();
    await model.fit(x, y, { ...quiet, epochs: 2, validationData: [x, y] });
    const { shift, centre } = byHand(2);
    const { data } = await model.predict(x);
    expectClose(
      data,
      [...x.data].map((value, index) => value + centre[index % 2]! + shift[index % 2]!),
    );
    await model.evaluate(x, y, { verbose: 0 });
    expectClose((await model.getWeights())[1]!.data, centre);
    model.dispose();
  });

  it("changes in trainOnBatch, and differently with every step", async () => {
    const model = compiled();
    await model.trainOnBatch(x, y);
    const first = (await model.getWeights())[1]!.data;
    await model.trainOnBatch(x, y);
    const second = (await model.getWeights())[1]!.data;
    expect(new Set([0, first[0], second[0]]).size).toBe(3);
    model.dispose();
  });

  it("is saved by getWeights and taken by setWeights", async () => {
    const [model, other] = [compiled(), compiled()];
    await model.fit(x, y, { ...quiet, epochs: 2 });
    await other.setWeights(await model.getWeights());
    expect(await other.predict(x)).toEqual(await model.predict(x));
    await Promise.all([model, other].map((either) => either.fit(x, y, quiet)));
    expect(await other.getWeights()).toEqual(await model.getWeights());
    model.dispose();
    other.dispose();
  });

  it("comes back with the others when the loss becomes infinite", async () => {
    const model = compiled(runningCentre({ inputShape: [2] }), 1e30);
    const before = await model.getWeights();
    await expect(model.fit(x, y, { ...quiet, epochs: 3 })).rejects.toThrow(NonFiniteLossError);
    expect(await model.getWeights()).toEqual(before);
    model.dispose();
  });

  it("moves to another backend", async () => {
    const model = compiled();
    await model.fit(x, y, quiet);
    const trained = await model.getWeights();
    model.compile({ backend: await reference(), loss: "meanSquaredError" });
    expect(await model.predict(x)).toBeDefined();
    expect(await model.getWeights()).toEqual(trained);
    model.dispose();
  });

  it("counts as non-trainable", () => {
    let text = "";
    sequential([layers.dense({ units: 3, inputShape: [2] }), runningCentre()]).summary((table) => {
      text = table;
    });
    expect(text).toContain("running_centre (RunningCentr (None, 3)                 6");
    expect(text).toMatch(/Total params: 15\nTrainable params: 12\nNon-trainable params: 3\n/);
  });
});

describe("a frozen layer", () => {
  it("is told so and keeps its weights, while others train", async () => {
    const model = sequential([runningCentre({ inputShape: [2], trainable: false }), layers.dense({ units: 2 })]);
    model.compile({ backend, optimizer: "sgd", loss: "meanSquaredError" });
    const before = await model.getWeights();
    await model.fit(x, y, { ...quiet, epochs: 2 });
    const [shift, centre, kernel] = await model.getWeights();
    expect([shift, centre]).toEqual(before.slice(0, 2));
    expect(kernel).not.toEqual(before[2]);
    model.dispose();
  });

  it("is one whose trainable was false when the model was compiled", async () => {
    const centre = runningCentre({ inputShape: [2] });
    const model = sequential([centre, layers.dense({ units: 2 })]);
    const compile = () => model.compile({ backend, optimizer: "sgd", loss: "meanSquaredError" });
    compile();
    centre.trainable = false;
    await model.fit(x, y, quiet);
    const moved = await model.getWeights();
    expect([...moved[1]!.data]).not.toEqual([0, 0]);
    compile();
    await model.fit(x, y, quiet);
    expect((await model.getWeights()).slice(0, 2)).toEqual(moved.slice(0, 2));
    model.dispose();
  });
});

describe("a trained weight that the loss does not depend on", () => {
  const idle = (own: { readonly trainable?: boolean } = {}): Layer =>
    defineLayer({
      ...layers.dense({ units: 2, name: "mine", inputShape: [2] }),
      parameters: () => [
        { name: "kernel", shape: [2, 2], initializer: initializers.constant(1) },
        { name: "bias", shape: [2], initializer: initializers.constant(0) },
        { name: "average", shape: [2], initializer: initializers.constant(3), ...own },
      ],
    });

  it("is named with its layer and the remedy", async () => {
    const model = compiled(idle());
    const fitting = model.fit(x, y, quiet);
    await expect(fitting).rejects.toThrow(ArgumentError);
    await expect(fitting).rejects.toThrow(
      /^the loss does not depend on weight "average" of layer mine, .*Set trainable: false, in the ParameterSpec/,
    );
    model.dispose();
  });

  it("does no harm once it is not trainable", async () => {
    const model = compiled(idle({ trainable: false }));
    await model.fit(x, y, quiet);
    expect([...(await model.getWeights())[2]!.data]).toEqual([3, 3]);
    model.dispose();
  });
});
