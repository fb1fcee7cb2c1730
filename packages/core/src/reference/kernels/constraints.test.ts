import { describe, expect, test } from "vitest";
import type { OpAttributes, Shape, Tensor } from "../../backend/index.js";
import { callReferenceOp } from "../run/callOp.js";

function constrained(shape: Shape, values: readonly number[], attributes: OpAttributes["constrainNorm"]): number[] {
  const parameter: Tensor = { shape, data: Float64Array.from(values) };
  callReferenceOp("constrainNorm", [parameter], attributes);
  return [...parameter.data];
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, index) => {
    expect(actual[index]).toBeCloseTo(value, 14);
  });
}

/** Added to every norm, as Keras does. */
const e = 1e-7;

describe("constrainNorm", () => {
  // Columns of norms 5 and 1.
  const columns = [3, 0.6, 4, 0.8];

  test("max, by column: divides by nearly the norm below the limit too", () => {
    const kept = 1 / (1 + e);
    const expected = [(3 * 2.5) / (5 + e), 0.6 * kept, (4 * 2.5) / (5 + e), 0.8 * kept];
    expectClose(constrained([2, 2], columns, { kind: "max", limit: 2.5, axes: [0] }), expected);
  });

  test("unit, by column", () => {
    const expected = [3 / (5 + e), 0.6 / (1 + e), 4 / (5 + e), 0.8 / (1 + e)];
    expectClose(constrained([2, 2], columns, { kind: "unit", limit: 1, axes: [0] }), expected);
  });

  test("by row, and over everything", () => {
    const [a, b] = [5 + e, 13 + e];
    expectClose(constrained([2, 2], [3, 4, 5, 12], { kind: "unit", limit: 1, axes: [1] }), [
      3 / a,
      4 / a,
      5 / b,
      12 / b,
    ]);
    const all = [1, 1, 1, 1].map((value) => value / (2 + e));
    expectClose(constrained([2, 2], [1, 1, 1, 1], { kind: "unit", limit: 1, axes: [0, 1] }), all);
  });

  test("by filter of a convolution", () => {
    // Filter 1 is 3, 4 and filter 2 is 5, 12 over two columns.
    const [a, b] = [5 + e, 13 + e];
    const expected = [3 / a, 5 / b, 4 / a, 12 / b];
    expectClose(constrained([1, 2, 1, 2], [3, 5, 4, 12], { kind: "unit", limit: 1, axes: [0, 1, 2] }), expected);
  });

  test("leaves zeros", () => {
    expect(constrained([2], [0, 0], { kind: "unit", limit: 1, axes: [0] })).toEqual([0, 0]);
  });
});

test("nonNegative", () => {
  const parameter: Tensor = { shape: [2, 2], data: Float64Array.of(-1, 0, 2, -1e-30) };
  callReferenceOp("nonNegative", [parameter], {});
  expect([...parameter.data]).toEqual([0, 0, 2, 0]);
});
