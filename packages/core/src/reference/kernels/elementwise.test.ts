import { describe, expect, test } from "vitest";
import { dropoutThreshold, streamKey, streamWord, type Tensor, type UnaryFunction } from "../../backend/index.js";
import { seedKey } from "../../random/index.js";
import { callReferenceOp } from "../run/callOp.js";

const row = (...values: number[]): Tensor => ({ shape: [values.length], data: Float32Array.from(values) });
const exact = (...values: number[]): Tensor => ({ shape: [values.length], data: Float64Array.from(values) });

test("add", () => {
  expect([...callReferenceOp("add", [row(1, 2), row(10, 20)], {})[0]!.data]).toEqual([11, 22]);
});

test("biasAdd and its gradient", () => {
  const input: Tensor = { shape: [2, 1, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  expect([...callReferenceOp("biasAdd", [input, row(10, 20, 30)], {})[0]!.data]).toEqual([11, 22, 33, 14, 25, 36]);
  const [gradient] = callReferenceOp("biasAddBackward", [input], {});
  expect(gradient!.shape).toEqual([3]);
  expect([...gradient!.data]).toEqual([5, 7, 9]);
});

describe("unary", () => {
  const expected: Record<UnaryFunction, { alpha: number; x: number[]; y: number[]; slope: number[] }> = {
    relu: { alpha: 0, x: [-2, 0, 3], y: [0, 0, 3], slope: [0, 0, 1] },
    relu6: { alpha: 0, x: [-2, 0, 3, 6, 7], y: [0, 0, 3, 6, 6], slope: [0, 0, 1, 0, 0] },
    leakyRelu: { alpha: 0.25, x: [-2, 0, 3], y: [-0.5, 0, 3], slope: [0.25, 0.25, 1] },
    elu: { alpha: 2, x: [-Math.log(2), 0, 3], y: [-1, 0, 3], slope: [1, 2, 1] },
    sigmoid: { alpha: 0, x: [0, Math.log(3), -1000, 1000], y: [0.5, 0.75, 0, 1], slope: [0.25, 0.1875, 0, 0] },
    tanh: { alpha: 0, x: [0, Math.log(3), -1000, 1000], y: [0, 0.8, -1, 1], slope: [1, 0.36, 0, 0] },
    log: { alpha: 0.25, x: [0.5, 0.1, 0.9], y: [Math.log(0.5), Math.log(0.25), Math.log(0.75)], slope: [2, 0, 0] },
    logit: { alpha: 0.25, x: [0.5, 0.1, 0.9], y: [0, -Math.log(3), Math.log(3)], slope: [4, 0, 0] },
  };

  test.each(Object.entries(expected))("%s", (name, { alpha, x, y, slope }) => {
    const attributes = { function: name as UnaryFunction, alpha };
    const [output] = callReferenceOp("unary", [exact(...x)], attributes);
    y.forEach((value, index) => {
      expect(output!.data[index]).toBeCloseTo(value, 14);
    });
    const gradient = exact(...x.map(() => 10));
    const [inputGradient] = callReferenceOp("unaryBackward", [gradient, output!], attributes);
    slope.forEach((value, index) => {
      expect(inputGradient!.data[index]).toBeCloseTo(10 * value, 13);
    });
  });

  test.each(["log", "logit"] as const)("%s has no gradient where float32 probabilities were clipped", (name) => {
    const attributes = { function: name, alpha: 1e-7 };
    const [output] = callReferenceOp("unary", [row(0, 1e-8, 1, 0.5)], attributes);
    expect([...output!.data].every(Number.isFinite)).toBe(true);
    const [gradient] = callReferenceOp("unaryBackward", [row(1, 1, 1, 1), output!], attributes);
    expect([...gradient!.data.subarray(0, 3)]).toEqual([0, 0, 0]);
    expect(gradient!.data[3]).toBeCloseTo(name === "log" ? 2 : 4, 5);
  });
});

describe("dropout", () => {
  const attributes = { rate: 0.3, instance: 4 };
  const step = { iteration: 7, batchStart: 0, learningRate: 0, stepSize: 0, seed: seedKey(2 ** 40 + 5) };
  const ones: Tensor = { shape: [1001], data: new Float32Array(1001).fill(1) };

  test("keeps an element when its word is at least rate * 2^32", () => {
    const [y] = callReferenceOp("dropout", [ones], attributes, step);
    const key = streamKey(step.seed, "dropout", 4);
    y!.data.forEach((value, index) => {
      const kept = streamWord(key, 7, index) >= dropoutThreshold(0.3);
      expect(value).toBe(kept ? Math.fround(1 / 0.7) : 0);
    });
  });

  test("drops the share that was asked for, and the mean stays", () => {
    const { data } = callReferenceOp("dropout", [ones], attributes, step)[0]!;
    const dropped = data.filter((value) => value === 0).length;
    // Five standard deviations of a binomial count.
    expect(Math.abs(dropped - 300)).toBeLessThan(5 * Math.sqrt(1001 * 0.21));
  });

  test("has the same mask in the same step, another in the next and for another layer", () => {
    const mask = (instance: number, iteration: number) =>
      [...callReferenceOp("dropout", [ones], { rate: 0.3, instance }, { ...step, iteration })[0]!.data].map(
        (y) => y > 0,
      );
    expect(mask(4, 7)).toEqual(mask(4, 7));
    expect(mask(4, 8)).not.toEqual(mask(4, 7));
    expect(mask(5, 7)).not.toEqual(mask(4, 7));
  });

  test("keeps everything at rate 0", () => {
    const [y] = callReferenceOp("dropout", [ones], { rate: 0, instance: 0 }, step);
    expect(y!.data).toEqual(ones.data);
  });
});
