import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Backend } from "../../backend/index.js";
import {
  type ConvoyError,
  DataError,
  layers,
  type losses,
  ShapeError,
  sequential,
  type TensorInput,
} from "../../index.js";
import { reference } from "../../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

function model(loss: losses.LossName = "sparseCategoricalCrossentropy") {
  const built = sequential([
    layers.flatten({ inputShape: [2, 2, 1] }),
    layers.dense({ units: 3, activation: "softmax" }),
  ]);
  built.compile({ backend, loss });
  return built;
}

const images = (count: number, value = 0.5) => ({
  data: new Float32Array(count * 4).fill(value),
  shape: [count, 2, 2, 1],
});
const withValue = (value: number) => {
  const tensor = images(3);
  tensor.data[6] = value;
  return tensor;
};
const oneHot = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

const cases: readonly [
  string,
  losses.LossName,
  TensorInput,
  TensorInput,
  new (message: string) => ConvoyError,
  RegExp,
][] = [
  [
    "images of another size",
    "sparseCategoricalCrossentropy",
    { data: new Float32Array(27), shape: [3, 3, 3] },
    [0, 1, 2],
    ShapeError,
    /x has shape \[3,3,3\], the model expects \[N,2,2,1\]/,
  ],
  [
    "one sample without its first axis",
    "sparseCategoricalCrossentropy",
    { data: new Float32Array(4), shape: [2, 2, 1] },
    [0, 1],
    ShapeError,
    /A single sample needs a first axis of size 1/,
  ],
  [
    "data that does not fill its shape",
    "sparseCategoricalCrossentropy",
    { data: new Float32Array(11), shape: [3, 2, 2] },
    [0, 1, 2],
    ShapeError,
    /x has 11 numbers, shape \[3,2,2\] needs 12/,
  ],
  [
    "one-hot labels with the sparse loss",
    "sparseCategoricalCrossentropy",
    images(3),
    oneHot,
    ShapeError,
    /\(one-hot labels\).*Use loss: "categoricalCrossentropy"/,
  ],
  [
    "class numbers with the categorical loss",
    "categoricalCrossentropy",
    images(3),
    [0, 1, 2],
    ShapeError,
    /\(class numbers\).*Use loss: "sparseCategoricalCrossentropy".*toCategorical/,
  ],
  [
    "labels outside the classes",
    "sparseCategoricalCrossentropy",
    images(3),
    [0, 3, 1],
    DataError,
    /y holds 3 at position 1, expected class numbers from 0 to 2/,
  ],
  ["negative labels", "sparseCategoricalCrossentropy", images(3), [0, -1, 1], DataError, /holds -1 at position 1/],
  [
    "labels that are not integers",
    "sparseCategoricalCrossentropy",
    images(3),
    [0, 0.5, 1],
    DataError,
    /holds 0.5 at position 1/,
  ],
  [
    "probabilities above 1",
    "categoricalCrossentropy",
    images(1),
    [[2, 0, 0]],
    DataError,
    /holds 2 at position 0.*from 0 to 1/,
  ],
  [
    "NaN",
    "sparseCategoricalCrossentropy",
    withValue(Number.NaN),
    [0, 1, 2],
    DataError,
    /x holds NaN at position 2 of sample 1/,
  ],
  ["Infinity", "sparseCategoricalCrossentropy", withValue(Infinity), [0, 1, 2], DataError, /x holds Infinity/],
  ["empty data", "sparseCategoricalCrossentropy", [], [], DataError, /x is empty/],
  [
    "an empty tensor",
    "sparseCategoricalCrossentropy",
    { data: new Float32Array(0), shape: [0, 2, 2, 1] },
    [],
    DataError,
    /x is empty \(shape \[0,2,2,1\]\)/,
  ],
  [
    "fewer samples than labels",
    "sparseCategoricalCrossentropy",
    images(3),
    [0, 1, 2, 0],
    ShapeError,
    /y has 4 samples, the inputs have 3/,
  ],
  [
    "ragged arrays",
    "sparseCategoricalCrossentropy",
    [[[1, 2], [3]]],
    [0],
    ShapeError,
    /x is ragged: expected 2 entries in dimension 2, found 1/,
  ],
  [
    "text among the numbers",
    "sparseCategoricalCrossentropy",
    [
      [
        [1, 2],
        [3, "4" as unknown as number],
      ],
    ],
    [0],
    DataError,
    /holds string/,
  ],
  ["a number as data", "sparseCategoricalCrossentropy", 5 as unknown as TensorInput, [0], DataError, /x is number/],
];

describe("fit refuses, before any training,", () => {
  it.each(cases)("%s", async (_, loss, x, y, type, message) => {
    const built = model(loss);
    const before = await built.getWeights();
    const fit = built.fit(x, y, { verbose: 0 });
    await expect(fit).rejects.toThrow(type);
    await expect(fit).rejects.toThrow(message);
    expect(await built.getWeights()).toEqual(before);
    built.dispose();
  });

  it.each([
    [{ batchSize: 0 }, /batchSize is 0/],
    [{ epochs: 1.5 }, /epochs is 1.5/],
    [{ seed: -1 }, /seed is -1/],
    [{ verbose: 3 as 2 }, /verbose is 3/],
  ])("options out of range: %o", async (options, message) => {
    await expect(model().fit(images(3), [0, 1, 2], { verbose: 0, ...options })).rejects.toThrow(message);
  });

  it("a model without a loss", async () => {
    const built = sequential([layers.dense({ units: 1, inputShape: [1] })]);
    built.compile({ backend });
    await expect(built.fit([[1]], [[1]], { verbose: 0 })).rejects.toThrow(/compile was called without a loss/);
  });

  it("a model with nothing to train", async () => {
    const built = sequential([layers.flatten({ inputShape: [1, 1] })]);
    built.compile({ backend, loss: "meanSquaredError" });
    await expect(built.fit([[[1]]], [[1]], { verbose: 0 })).rejects.toThrow(/nothing to train/);
  });
});

describe("fit warns", () => {
  it("about images that are not scaled, floats and bytes alike, and not when a scale is given", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    vi.spyOn(console, "log").mockImplementation(() => undefined);
    try {
      await model().fit(images(3, 255), [0, 1, 2], { verbose: 2 });
      expect(warn.mock.calls[0]?.[0]).toMatch(/x holds numbers up to 255.*scale: 1 \/ 255/);
      const bytes = { data: new Uint8Array(12).fill(200), shape: [3, 2, 2] };
      await model().fit(bytes, [0, 1, 2], { verbose: 2 });
      expect(warn).toHaveBeenCalledTimes(2);
      await model().fit({ ...bytes, scale: 1 / 255 }, [0, 1, 2], { verbose: 2 });
      expect(warn).toHaveBeenCalledTimes(2);
    } finally {
      vi.restoreAllMocks();
    }
  });
});
