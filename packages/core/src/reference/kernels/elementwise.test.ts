import { describe, expect, test } from "vitest";
import type { Tensor, UnaryFunction } from "../../backend/index.js";
import { derivativeFrom } from "../../ops/unary.js";
import { callReferenceOp } from "../run/callOp.js";

const row = (...values: number[]): Tensor => ({ shape: [values.length], data: Float32Array.from(values) });
const exact = (...values: number[]): Tensor => ({ shape: [values.length], data: Float64Array.from(values) });

test("add", () => {
  expect([...callReferenceOp("add", [row(1, 2), row(10, 20)], {})[0]!.data]).toEqual([11, 22]);
});

test("multiply", () => {
  expect([...callReferenceOp("multiply", [row(1, 2, -3), row(10, 0, 5)], {})[0]!.data]).toEqual([10, 0, -15]);
});

test("affine", () => {
  expect([...callReferenceOp("affine", [row(1, -2, 0)], { scale: -2, offset: 3 })[0]!.data]).toEqual([1, 7, 3]);
});

test("maximum and its gradients: at a tie the first has it all", () => {
  const inputs = [row(1, 2, -3, 0), row(1, 3, -4, -0)];
  expect([...callReferenceOp("maximum", inputs, {})[0]!.data]).toEqual([1, 3, -3, 0]);
  const gradientOf = (input: 0 | 1) =>
    callReferenceOp("maximumBackward", [row(10, 20, 30, 40), ...inputs], { input })[0]!.data;
  expect([...gradientOf(0)]).toEqual([10, 0, 30, 40]);
  expect([...gradientOf(1)]).toEqual([0, 20, 0, 0]);
  expect(callReferenceOp("maximum", [row(NaN, 1), row(1, NaN)], {})[0]!.data).toEqual(Float32Array.of(NaN, NaN));
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
    softplus: {
      alpha: 0,
      x: [0, Math.log(3), -1000, 1000],
      y: [Math.log(2), Math.log(4), 0, 1000],
      slope: [0.5, 0.75, 0, 1],
    },
    softsign: { alpha: 0, x: [-3, 0, 1], y: [-0.75, 0, 0.5], slope: [1 / 16, 1, 0.25] },
    hardSigmoid: {
      alpha: 0,
      x: [-4, -3, 0, 1.5, 3, 4],
      y: [0, 0, 0.5, 0.75, 1, 1],
      slope: [0, 0, 1 / 6, 1 / 6, 0, 0],
    },
    hardSilu: { alpha: 0, x: [-4, -1.5, 0, 1, 3, 4], y: [0, -0.375, 0, 2 / 3, 3, 4], slope: [0, 0, 0.5, 5 / 6, 1, 1] },
    silu: {
      alpha: 0,
      x: [0, Math.log(3), -1000, 1000],
      y: [0, 0.75 * Math.log(3), 0, 1000],
      slope: [0.5, 0.75 + (3 / 16) * Math.log(3), 0, 1],
    },
    // From tables of the normal distribution: 0.8413... below 1, density 0.2419... there.
    gelu: {
      alpha: 0,
      x: [0, 1, -1, 1.96, -1000, 1000],
      y: [0, 0.841344746068543, -0.158655253931457, 1.96 * 0.9750021048517795, 0, 1000],
      slope: [0.5, 0.841344746068543 + 0.24197072451914337, 0.158655253931457 - 0.24197072451914337],
    },
    geluTanh: {
      alpha: 0,
      x: [0, 1, -1, -1000, 1000],
      y: [0, 0.8411919906082768, -0.1588080093917232, 0, 1000],
      slope: [0.5],
    },
    abs: { alpha: 0, x: [-2, 0, 3], y: [2, 0, 3], slope: [-1, 0, 1] },
    square: { alpha: 0, x: [-2, 0, 3], y: [4, 0, 9], slope: [-4, 0, 6] },
    power: { alpha: 1.5, x: [-4, 0, 0.25, 4], y: [0, 0, 0.125, 8], slope: [0, 0, 0.75, 3] },
    huber: { alpha: 2, x: [-3, -1, 0, 2, 4], y: [4, 0.5, 0, 2, 6], slope: [-2, -1, 0, 2, 2] },
  };

  test.each(Object.entries(expected))("%s", (name, { alpha, x, y, slope }) => {
    const attributes = { function: name as UnaryFunction, alpha };
    const [output] = callReferenceOp("unary", [exact(...x)], attributes);
    y.forEach((value, index) => {
      expect(output!.data[index]).toBeCloseTo(value, 14);
    });
    const gradient = exact(...x.map(() => 10));
    const operand = derivativeFrom(attributes.function) === "output" ? output! : exact(...x);
    const [inputGradient] = callReferenceOp("unaryBackward", [gradient, operand], attributes);
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
