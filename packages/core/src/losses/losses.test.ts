import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/index.js";
import { layers, losses, metrics, sequential, type TensorInput } from "../index.js";
import { reference } from "../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

type Compile = Parameters<ReturnType<typeof sequential>["compile"]>[0];

/** Loss and metrics of outputs that are the inputs themselves. */
async function judged(
  activation: "linear" | "softmax" | "sigmoid",
  x: TensorInput,
  y: TensorInput,
  options: Omit<Compile, "backend">,
) {
  const width = Array.isArray(x) && Array.isArray(x[0]) ? x[0].length : 1;
  const model = sequential([layers.activation({ activation, inputShape: [width] })]);
  model.compile({ backend, ...options });
  const results = await model.evaluate(x, y, { verbose: 0 });
  model.dispose();
  return results;
}

describe("losses", () => {
  const logits = [
    [1, 2, 3],
    [0, 0, 0],
  ];
  // -ln(e^3 / (e + e^2 + e^3)) = 0.407606, and -ln(1/3) = 1.098612.
  const expected = (0.4076059644443804 + Math.log(3)) / 2;

  it("categorical: from softmax, from logits and from probabilities, with both kinds of labels", async () => {
    const oneHot = [
      [0, 0, 1],
      [1, 0, 0],
    ];
    const sparse = await judged("softmax", logits, [2, 0], { loss: "sparseCategoricalCrossentropy" });
    expect(sparse.loss).toBeCloseTo(expected, 6);
    const categorical = await judged("softmax", logits, oneHot, { loss: "categoricalCrossentropy" });
    expect(categorical.loss).toBeCloseTo(expected, 6);
    const fromLogits = losses.sparseCategoricalCrossentropy({ fromLogits: true });
    expect((await judged("linear", logits, [2, 0], { loss: fromLogits })).loss).toBeCloseTo(expected, 6);
    const probabilities = [
      [0.2, 0.3, 0.5],
      [0.9, 0.1, 0],
    ];
    const plain = await judged("linear", probabilities, [2, 0], { loss: "sparseCategoricalCrossentropy" });
    expect(plain.loss).toBeCloseTo(-(Math.log(0.5) + Math.log(0.9)) / 2, 5);
  });

  it("stay finite where probabilities round to 0", async () => {
    const extreme = await judged("softmax", [[1000, -1000]], [1], { loss: "sparseCategoricalCrossentropy" });
    expect(extreme.loss).toBeCloseTo(2000, 3);
    const clipped = await judged("linear", [[1, 0]], [1], { loss: "sparseCategoricalCrossentropy" });
    expect(clipped.loss).toBeCloseTo(-Math.log(1e-7), 2);
  });

  it("binary: mean over outputs, from sigmoid and from probabilities", async () => {
    const targets = [[1, 0]];
    const fromSigmoid = await judged("sigmoid", [[2, -1]], targets, { loss: "binaryCrossentropy" });
    expect(fromSigmoid.loss).toBeCloseTo((Math.log(1 + Math.exp(-2)) + Math.log(1 + Math.exp(-1))) / 2, 6);
    const plain = await judged("linear", [[0.8, 0.4]], targets, { loss: "binaryCrossentropy" });
    expect(plain.loss).toBeCloseTo(-(Math.log(0.8) + Math.log(0.6)) / 2, 5);
  });

  it("meanSquaredError: mean over outputs and samples", async () => {
    const result = await judged(
      "linear",
      [
        [1, 2],
        [3, 5],
      ],
      [
        [0, 0],
        [3, 3],
      ],
      { loss: "meanSquaredError" },
    );
    expect(result.loss).toBeCloseTo((1 + 4 + 0 + 4) / 4, 6);
  });
});

describe("accuracy is of the kind that fits", () => {
  const probabilities = [
    [0.1, 0.9],
    [0.6, 0.4],
    [0.3, 0.7],
  ];

  it("class numbers, one-hot labels, yes-or-no outputs", async () => {
    const sparse = await judged("softmax", probabilities, [1, 1, 1], {
      loss: "sparseCategoricalCrossentropy",
      metrics: ["accuracy"],
    });
    expect(sparse.accuracy).toBeCloseTo(2 / 3, 6);
    const oneHot = [
      [0, 1],
      [0, 1],
      [1, 0],
    ];
    const categorical = await judged("softmax", probabilities, oneHot, {
      loss: "categoricalCrossentropy",
      metrics: ["accuracy"],
    });
    expect(categorical.accuracy).toBeCloseTo(1 / 3, 6);
    const binary = await judged("sigmoid", [[3], [-2], [1]], [[1], [1], [1]], {
      loss: "binaryCrossentropy",
      metrics: ["accuracy"],
    });
    expect(binary.accuracy).toBeCloseTo(2 / 3, 6);
  });

  it("topK counts labels among the k largest", async () => {
    const scores = [
      [5, 4, 3, 2],
      [1, 2, 3, 4],
    ];
    const topK = metrics.topKCategoricalAccuracy({ k: 2 });
    const result = await judged("softmax", scores, [1, 0], { loss: "sparseCategoricalCrossentropy", metrics: [topK] });
    expect(result.topKCategoricalAccuracy).toBe(0.5);
    expect(() => metrics.topKCategoricalAccuracy({ k: 0 })).toThrow(/k is 0/);
  });
});
