import { describe, expect, test } from "vitest";
import type { Tensor } from "../../backend/index.js";
import { callReferenceOp } from "../run/callOp.js";

const rows = (shape: number[], ...values: number[]): Tensor => ({ shape, data: Float32Array.from(values) });
const exact = (shape: number[], ...values: number[]): Tensor => ({ shape, data: Float64Array.from(values) });
const classes = (...labels: number[]): Tensor => ({ shape: [labels.length], data: Int32Array.from(labels) });
const ln = Math.log;

function expectClose(tensor: Tensor, expected: readonly number[]): void {
  expect(tensor.data).toHaveLength(expected.length);
  expected.forEach((value, index) => {
    expect(tensor.data[index]).toBeCloseTo(value, 12);
  });
}

describe("softmax", () => {
  test("by hand", () => {
    expectClose(callReferenceOp("softmax", [exact([1, 3], 0, ln(2), ln(5))], {})[0]!, [1 / 8, 2 / 8, 5 / 8]);
  });

  test("neither overflows nor divides by 0 at logits of 10,000", () => {
    const logits = rows([2, 3], 1e4, -1e4, 0, -1e4, -1e4, -1e4);
    const [y] = callReferenceOp("softmax", [logits], {});
    expect([...y!.data]).toEqual([1, 0, 0, ...Array(3).fill(Math.fround(1 / 3))]);
  });

  test("gradient", () => {
    // y (dy - dy . y) with dy . y = 0.5*1 + 0.25*2 + 0.25*4 = 2
    const [dx] = callReferenceOp("softmaxBackward", [exact([1, 3], 1, 2, 4), exact([1, 3], 0.5, 0.25, 0.25)], {});
    expectClose(dx!, [-0.5, 0, 0.5]);
  });
});

describe("softmaxCrossEntropy", () => {
  const logits = exact([2, 2], 0, ln(3), ln(4), 0);

  test("sparse labels", () => {
    const [loss, probabilities] = callReferenceOp("softmaxCrossEntropy", [logits, classes(1, 1)], { labels: "sparse" });
    expectClose(loss!, [-ln(0.75) - ln(0.2)]);
    expectClose(probabilities!, [0.25, 0.75, 0.8, 0.2]);
  });

  test("categorical labels need not be one-hot", () => {
    const targets = exact([2, 2], 0.5, 0.5, 1, 0);
    const [loss] = callReferenceOp("softmaxCrossEntropy", [logits, targets], { labels: "categorical" });
    expectClose(loss!, [-0.5 * ln(0.25) - 0.5 * ln(0.75) - ln(0.8)]);
  });

  test("weights multiply the losses of their rows", () => {
    const weights = exact([2], 3, 0);
    const [loss] = callReferenceOp("softmaxCrossEntropy", [logits, classes(0, 0), weights], { labels: "sparse" });
    expectClose(loss!, [-3 * ln(0.25)]);
  });

  test("is finite at extreme logits", () => {
    const [loss, probabilities] = callReferenceOp(
      "softmaxCrossEntropy",
      [rows([2, 2], 1e4, -1e4, -3e38, 3e38), classes(1, 1)],
      {
        labels: "sparse",
      },
    );
    expect([...loss!.data]).toEqual([2e4]);
    expect([...probabilities!.data]).toEqual([1, 0, 0, 1]);
  });

  test("a target of 0 costs nothing at an infinitely small probability", () => {
    const targets = rows([1, 2], 1, 0);
    const [loss] = callReferenceOp("softmaxCrossEntropy", [rows([1, 2], 0, -Infinity), targets], {
      labels: "categorical",
    });
    expect([...loss!.data]).toEqual([0]);
  });

  test("a NaN logit shows", () => {
    const [loss] = callReferenceOp("softmaxCrossEntropy", [rows([1, 2], 0, NaN), classes(0)], { labels: "sparse" });
    expect(loss!.data[0]).toBeNaN();
  });

  test("gradient", () => {
    const probabilities = exact([2, 2], 0.25, 0.75, 0.8, 0.2);
    const sparse = { labels: "sparse", scale: 0.5 } as const;
    expectClose(
      callReferenceOp("softmaxCrossEntropyBackward", [probabilities, classes(1, 0)], sparse)[0]!,
      [0.125, -0.125, -0.1, 0.1],
    );
    const weights = exact([2], 2, 0);
    expectClose(
      callReferenceOp("softmaxCrossEntropyBackward", [probabilities, classes(1, 0), weights], sparse)[0]!,
      [0.25, -0.25, 0, 0],
    );
    // Targets that sum to 3: dx = p * 3 - t
    const targets = exact([2, 2], 1, 2, 3, 0);
    const categorical = { labels: "categorical", scale: 1 } as const;
    expectClose(
      callReferenceOp("softmaxCrossEntropyBackward", [probabilities, targets], categorical)[0]!,
      [-0.25, 0.25, -0.6, 0.6],
    );
  });
});

describe("sigmoidCrossEntropy", () => {
  test("by hand", () => {
    const logits = exact([2, 2], ln(3), 0, -ln(3), 0);
    const targets = exact([2, 2], 1, 0, 1, 0.5);
    const [loss, probabilities] = callReferenceOp("sigmoidCrossEntropy", [logits, targets, exact([2], 1, 10)], {});
    expectClose(loss!, [(-ln(0.75) - ln(0.5)) / 2 + (10 * (-ln(0.25) - ln(0.5))) / 2]);
    expectClose(probabilities!, [0.75, 0.5, 0.25, 0.5]);
  });

  test("is finite at extreme logits", () => {
    const [loss, probabilities] = callReferenceOp(
      "sigmoidCrossEntropy",
      [rows([1, 4], 1e4, -1e4, 1e4, -1e4), rows([1, 4], 0, 1, 1, 0)],
      {},
    );
    expect([...loss!.data]).toEqual([5000]);
    expect([...probabilities!.data]).toEqual([1, 0, 1, 0]);
  });

  test("gradient", () => {
    const inputs = [exact([2, 2], 0.75, 0.5, 0.25, 0.5), exact([2, 2], 1, 0, 1, 0.5), exact([2], 1, 10)];
    expectClose(
      callReferenceOp("sigmoidCrossEntropyBackward", inputs, { scale: 0.5 })[0]!,
      [-0.0625, 0.125, -1.875, 0],
    );
  });
});

describe("meanSquaredError", () => {
  const inputs = [exact([2, 2], 1, 2, 3, 4), exact([2, 2], 0, 0, 3, 0)];

  test("by hand", () => {
    expectClose(callReferenceOp("meanSquaredError", inputs, {})[0]!, [5 / 2 + 16 / 2]);
    expectClose(callReferenceOp("meanSquaredError", [...inputs, exact([2], 2, 1)], {})[0]!, [5 + 8]);
  });

  test("gradient", () => {
    expectClose(callReferenceOp("meanSquaredErrorBackward", inputs, { scale: 0.5 })[0]!, [0.5, 1, 0, 2]);
    expectClose(
      callReferenceOp("meanSquaredErrorBackward", [...inputs, exact([2], 2, 1)], { scale: 0.5 })[0]!,
      [1, 2, 0, 2],
    );
  });
});

describe("accuracy", () => {
  const correct = (predictions: Tensor, labels: Tensor, kind: "sparse" | "categorical" | "binary") =>
    callReferenceOp("accuracy", [predictions, labels], { labels: kind })[0]!.data[0];

  test("compares the position of the largest number", () => {
    expect(correct(rows([3, 2], 0.1, 0.9, 0.8, 0.2, 0.6, 0.4), classes(1, 1, 0), "sparse")).toBe(2);
    expect(correct(rows([2, 2], 0.1, 0.9, 0.8, 0.2), rows([2, 2], 0, 1, 0.3, 0.7), "categorical")).toBe(1);
  });

  test("the first of equals counts", () => {
    expect(correct(rows([2, 3], 5, 5, 1, 1, 5, 5), classes(0, 2), "sparse")).toBe(1);
  });

  test("a row with a NaN is wrong, whatever its label", () => {
    expect(correct(rows([3, 2], NaN, 1, 1, NaN, NaN, NaN), classes(0, 0, 0), "sparse")).toBe(0);
    expect(correct(rows([2, 1], NaN, NaN), rows([2, 1], 0, 1), "binary")).toBe(0);
  });

  test("binary takes the share of elements on the right side of 0.5, which itself is below", () => {
    expect(correct(rows([2, 2], 0.9, 0.1, 0.5, 0.6), rows([2, 2], 1, 0, 1, 1), "binary")).toBe(1.5);
  });
});

describe("topKAccuracy", () => {
  const correct = (k: number, ...labels: number[]) =>
    callReferenceOp("topKAccuracy", [rows([3, 4], 4, 3, 2, 1, 4, 3, 2, 1, 7, 7, 7, 0), classes(...labels)], {
      labels: "sparse",
      k,
    })[0]!.data[0];

  test("counts labels with fewer than k larger numbers; ties are right", () => {
    expect(correct(1, 0, 1, 2)).toBe(2);
    expect(correct(2, 1, 2, 2)).toBe(2);
    expect(correct(4, 3, 3, 3)).toBe(3);
  });

  test("categorical labels", () => {
    const inputs = [rows([1, 3], 3, 2, 1), rows([1, 3], 0, 1, 0)];
    expect(callReferenceOp("topKAccuracy", inputs, { labels: "categorical", k: 1 })[0]!.data[0]).toBe(0);
    expect(callReferenceOp("topKAccuracy", inputs, { labels: "categorical", k: 2 })[0]!.data[0]).toBe(1);
  });

  test("a NaN prediction of the label is wrong", () => {
    expect(
      callReferenceOp("topKAccuracy", [rows([1, 2], NaN, 1), classes(0)], { labels: "sparse", k: 1 })[0]!.data[0],
    ).toBe(0);
  });
});

describe("weightedMean", () => {
  const values = exact([2, 2], 1, 3, -2, 8);

  test("by hand", () => {
    expectClose(callReferenceOp("weightedMean", [values], {})[0]!, [2 + 3]);
    expectClose(callReferenceOp("weightedMean", [values, exact([2], 0.5, 2)], {})[0]!, [1 + 6]);
  });

  test("gradient", () => {
    expectClose(callReferenceOp("weightedMeanBackward", [values], { scale: 0.5 })[0]!, [0.25, 0.25, 0.25, 0.25]);
    const weighted = callReferenceOp("weightedMeanBackward", [values, exact([2], 3, 0)], { scale: 0.5 })[0]!;
    expectClose(weighted, [0.75, 0.75, 0, 0]);
  });
});

describe("penalty", () => {
  const parameters = exact([2, 2], -2, 0, 1, 3);
  const attributes = { l1: 0.5, l2: 0.25, scale: 4 };

  test("by hand", () => {
    // 4 (0.5 * 6 + 0.25 * 14)
    expectClose(callReferenceOp("penalty", [parameters], attributes)[0]!, [26]);
  });

  test("gradient", () => {
    // 4 (0.5 sign(w) + 0.5 w)
    expectClose(callReferenceOp("penaltyBackward", [parameters], attributes)[0]!, [-6, 0, 4, 8]);
  });
});
