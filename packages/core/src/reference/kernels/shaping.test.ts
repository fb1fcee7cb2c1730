import { describe, expect, test } from "vitest";
import type { Shape, Tensor } from "../../backend/index.js";
import { callReferenceOp } from "../run/callOp.js";

/** 0, 1, 2, ... in row-major order, from `first` on. */
function counted(shape: Shape, first = 0): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, index) => first + index) };
}

describe("concat", () => {
  test("along the last axis, in the order of the inputs", () => {
    const [y] = callReferenceOp("concat", [counted([2, 2]), counted([2, 1], 10), counted([2, 2], 20)], { axis: 1 });
    expect(y!.shape).toEqual([2, 5]);
    expect([...y!.data]).toEqual([0, 1, 10, 20, 21, 2, 3, 11, 22, 23]);
  });

  test("along the first and a middle axis", () => {
    const [rows] = callReferenceOp("concat", [counted([1, 2]), counted([2, 2], 10)], { axis: 0 });
    expect(rows!.shape).toEqual([3, 2]);
    expect([...rows!.data]).toEqual([0, 1, 10, 11, 12, 13]);
    const [middle] = callReferenceOp("concat", [counted([2, 1, 2]), counted([2, 2, 2], 10)], { axis: 1 });
    expect(middle!.shape).toEqual([2, 3, 2]);
    expect([...middle!.data]).toEqual([0, 1, 10, 11, 12, 13, 2, 3, 14, 15, 16, 17]);
  });

  test("takes the same tensor twice", () => {
    const x = counted([2, 1]);
    expect([...callReferenceOp("concat", [x, x], { axis: 1 })[0]!.data]).toEqual([0, 0, 1, 1]);
  });
});

describe("pad", () => {
  test("adds zeros at both ends", () => {
    const [y] = callReferenceOp("pad", [counted([2, 2], 1)], { before: [1, 0], after: [0, 2] });
    expect(y!.shape).toEqual([3, 4]);
    expect([...y!.data]).toEqual([0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0]);
  });

  test("cuts off where the numbers are negative", () => {
    const [y] = callReferenceOp("pad", [counted([3, 4])], { before: [-1, -2], after: [-1, 0] });
    expect(y!.shape).toEqual([1, 2]);
    expect([...y!.data]).toEqual([6, 7]);
  });

  test("cuts off at one end and adds at the other", () => {
    const [y] = callReferenceOp("pad", [counted([4], 1)], { before: [-3], after: [2] });
    expect([...y!.data]).toEqual([4, 0, 0]);
    const [z] = callReferenceOp("pad", [counted([4], 1)], { before: [2], after: [-3] });
    expect([...z!.data]).toEqual([0, 0, 1]);
  });

  test("images", () => {
    const [y] = callReferenceOp("pad", [counted([1, 2, 2, 2], 1)], { before: [0, 1, -1, 0], after: [0, 0, 1, 0] });
    expect(y!.shape).toEqual([1, 3, 2, 2]);
    expect([...y!.data]).toEqual([0, 0, 0, 0, 3, 4, 0, 0, 7, 8, 0, 0]);
  });
});

describe("transpose", () => {
  test("of a matrix", () => {
    const [y] = callReferenceOp("transpose", [counted([2, 3])], { permutation: [1, 0] });
    expect(y!.shape).toEqual([3, 2]);
    expect([...y!.data]).toEqual([0, 3, 1, 4, 2, 5]);
  });

  test("axis k of the output is axis permutation[k] of the input", () => {
    const [y] = callReferenceOp("transpose", [counted([2, 3, 4, 5])], { permutation: [0, 3, 1, 2] });
    expect(y!.shape).toEqual([2, 5, 3, 4]);
    // y[n,c,h,w] = x[n,h,w,c]
    expect(y!.data[((1 * 5 + 4) * 3 + 2) * 4 + 1]).toBe(((1 * 3 + 2) * 4 + 1) * 5 + 4);
    expect(y!.data[((0 * 5 + 3) * 3 + 1) * 4 + 2]).toBe(((0 * 3 + 1) * 4 + 2) * 5 + 3);
  });

  test("by the inverse gives the input back", () => {
    const x = counted([2, 3, 5]);
    const [y] = callReferenceOp("transpose", [x], { permutation: [1, 2, 0] });
    expect(callReferenceOp("transpose", [y!], { permutation: [2, 0, 1] })[0]).toEqual(x);
  });
});
