import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/index.js";
import { layers, losses, metrics, optimizers, sequential, type TensorInput } from "../index.js";
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

/** A batch of labels with outputs, and the loss that Keras 3 gives in float32 for it. */
describe("values of Keras 3", () => {
  const yesNo = [
    [0, 1],
    [1, 0],
  ];
  const classes = [
    [0, 1, 0],
    [0, 0, 1],
  ];
  const logits = [
    [1, 2, 3],
    [0, 0, 1],
  ];
  const yesNoLogits = [
    [2, -1],
    [0.5, 3],
  ];
  const yesNoOutputs = [
    [0.6, 0.4],
    [0.9, 0.2],
  ];
  const targets = [
    [0, 1],
    [2, 3],
  ];
  const outputs = [
    [0.25, 3],
    [2.5, 2],
  ];
  const unevenOutputs = [
    [0.2, 0.5, 0.5],
    [0.3, 0.3, 0.9],
  ];

  it.each([
    ["meanAbsoluteError", losses.meanAbsoluteError(), outputs, targets, 0.9375],
    ["huber, delta 0.5", losses.huber({ delta: 0.5 }), outputs, targets, 0.3515625],
    [
      "klDivergence",
      losses.klDivergence(),
      [
        [0.3, 0.6, 0.1],
        [0.5, 0.5, 0],
      ],
      [
        [0.2, 0.8, 0],
        [0.5, 0.25, 0.25],
      ],
      1.829357385635376,
    ],
    [
      "categoricalCrossentropy, smoothed",
      losses.categoricalCrossentropy({ labelSmoothing: 0.1, fromLogits: true }),
      logits,
      classes,
      1.0128586292266846,
    ],
    [
      "binaryCrossentropy, smoothed",
      losses.binaryCrossentropy({ labelSmoothing: 0.1, fromLogits: true }),
      yesNoLogits,
      yesNo,
      1.6719635725021362,
    ],
    [
      "categoricalFocalCrossentropy, with a 0",
      losses.categoricalFocalCrossentropy(),
      [
        [0.05, 0.95, 0],
        [0.1, 0.8, 0.1],
      ],
      classes,
      0.23315276205539703,
    ],
    [
      "categoricalFocalCrossentropy from logits",
      losses.categoricalFocalCrossentropy({ fromLogits: true }),
      logits,
      classes,
      0.1127537190914154,
    ],
    [
      "categoricalFocalCrossentropy of rows that do not add up to 1, all options",
      losses.categoricalFocalCrossentropy({ alpha: 0.5, gamma: 0.7, labelSmoothing: 0.2 }),
      unevenOutputs,
      classes,
      0.2705272436141968,
    ],
    ["binaryFocalCrossentropy", losses.binaryFocalCrossentropy(), yesNoOutputs, yesNo, 0.1674271821975708],
    [
      "binaryFocalCrossentropy from logits, gamma 1",
      losses.binaryFocalCrossentropy({ fromLogits: true, gamma: 1 }),
      yesNoLogits,
      yesNo,
      1.4791128635406494,
    ],
    [
      "binaryFocalCrossentropy, balanced and smoothed",
      losses.binaryFocalCrossentropy({ applyClassBalancing: true, alpha: 0.3, gamma: 1.5, labelSmoothing: 0.1 }),
      yesNoOutputs,
      yesNo,
      0.10790202021598816,
    ],
  ] as const)("%s", async (_, loss, x, y, expected) => {
    expect((await judged("linear", x, y, { loss })).loss).toBeCloseTo(expected, 5);
  });

  it("weigh samples", async () => {
    const model = sequential([layers.activation({ activation: "linear", inputShape: [2] })]);
    model.compile({ backend, loss: "meanAbsoluteError" });
    const sampleWeight = Float32Array.of(3, 0);
    const { loss } = await model.evaluate(outputs, targets, { verbose: 0, sampleWeight });
    model.dispose();
    // The first row's mean is (0.25 + 2) / 2; the sum over rows is divided by their number.
    expect(loss).toBeCloseTo((3 * 1.125) / 2, 6);
  });

  it("focal without gamma is cross-entropy; softmax at the model's end is used as it is", async () => {
    const plain = await judged("softmax", logits, classes, { loss: "categoricalCrossentropy" });
    const focal = losses.categoricalFocalCrossentropy({ alpha: 1, gamma: 0 });
    expect((await judged("softmax", logits, classes, { loss: focal })).loss).toBeCloseTo(plain.loss!, 5);
    const graphOps = sequential([layers.activation({ activation: "softmax", inputShape: [3] })]);
    graphOps.compile({ backend, loss: focal });
    const { ops } = graphOps.plan({ mode: "evaluate", print: () => undefined });
    expect(ops.filter(({ op }) => op === "softmax")).toHaveLength(1);
  });

  it("refuse options out of range", () => {
    expect(() => losses.categoricalCrossentropy({ labelSmoothing: 1 })).toThrow(
      /categoricalCrossentropy: labelSmoothing is 1, expected a number in \[0, 1\)/,
    );
    expect(() => losses.huber({ delta: 0 })).toThrow(/huber: delta is 0/);
    expect(() => losses.binaryFocalCrossentropy({ gamma: -1 })).toThrow(/binaryFocalCrossentropy: gamma is -1/);
    expect(() => losses.categoricalFocalCrossentropy({ alpha: 2 })).toThrow(
      /alpha is 2, expected a number from 0 to 1/,
    );
  });
});

describe("gradients through a network agree with finite differences", () => {
  const x = [
    [0.5, -1, 2],
    [1.5, 0.25, -0.5],
    [-1, 0.75, 0.1],
    [0.3, 0.2, -1.2],
  ];
  const classes = [
    [0, 1, 0],
    [1, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
  ];
  const numbers = [
    [0.5, -2, 0.25],
    [1, 0.3, -0.6],
    [0, 1.5, 3],
    [-0.4, 0.2, 0.1],
  ];
  const mixtures = [
    [0.25, 0.5, 0.25],
    [0.1, 0.2, 0.7],
    [0.6, 0.3, 0.1],
    [0.3, 0.3, 0.4],
  ];

  it.each([
    ["meanAbsoluteError", losses.meanAbsoluteError(), "linear", numbers],
    ["huber", losses.huber({ delta: 0.7 }), "linear", numbers],
    ["klDivergence", losses.klDivergence(), "softmax", mixtures],
    ["categoricalCrossentropy, smoothed", losses.categoricalCrossentropy({ labelSmoothing: 0.2 }), "softmax", classes],
    ["binaryCrossentropy, smoothed", losses.binaryCrossentropy({ labelSmoothing: 0.2 }), "sigmoid", classes],
    ["categoricalFocalCrossentropy", losses.categoricalFocalCrossentropy(), "softmax", classes],
    ["the same, not normalized", losses.categoricalFocalCrossentropy({ gamma: 1.3 }), "sigmoid", classes],
    ["binaryFocalCrossentropy", losses.binaryFocalCrossentropy({ applyClassBalancing: true }), "sigmoid", classes],
    ["the same from logits", losses.binaryFocalCrossentropy({ fromLogits: true, gamma: 0.6 }), "linear", classes],
  ] as const)("%s", async (_, loss, activation, y) => {
    const model = sequential([
      layers.dense({ units: 4, activation: "tanh", inputShape: [3] }),
      layers.dense({ units: 3, activation }),
    ]);
    model.compile({ backend, loss, optimizer: optimizers.sgd({ learningRate: 1 }) });
    const weights = await model.getWeights();
    await model.trainOnBatch(x, y);
    const after = await model.getWeights();
    const step = 1e-2;
    for (const [index, { data, shape }] of weights.entries()) {
      for (let i = 0; i < data.length; i += 3) {
        const at = async (change: number) => {
          const moved = weights.map((weight) => ({ ...weight, data: Float32Array.from(weight.data) }));
          moved[index]!.data[i]! += change;
          await model.setWeights(moved);
          return (await model.evaluate(x, y, { verbose: 0 })).loss!;
        };
        const slope = (await at(step)) - (await at(-step));
        const gradient = data[i]! - after[index]!.data[i]!;
        expect(gradient, `weight ${index} ${shape}, element ${i}`).toBeCloseTo(slope / (2 * step), 3);
      }
    }
    model.dispose();
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
