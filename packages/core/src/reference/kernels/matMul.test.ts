import { expect, test } from "vitest";
import type { Tensor } from "../../backend/index.js";
import { callReferenceOp } from "../run/callOp.js";

// [1 2 3]   [7  8]    [ 58  64]
// [4 5 6] * [9 10]  = [139 154]
//           [11 12]
const a: Tensor = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
const aTransposed: Tensor = { shape: [3, 2], data: Float32Array.of(1, 4, 2, 5, 3, 6) };
const b: Tensor = { shape: [3, 2], data: Float32Array.of(7, 8, 9, 10, 11, 12) };
const bTransposed: Tensor = { shape: [2, 3], data: Float32Array.of(7, 9, 11, 8, 10, 12) };

test.each([
  [a, b, false, false],
  [aTransposed, b, true, false],
  [a, bTransposed, false, true],
  [aTransposed, bTransposed, true, true],
] as const)("product %#", (left, right, transposeA, transposeB) => {
  const [y] = callReferenceOp("matMul", [left, right], { transposeA, transposeB });
  expect(y!.shape).toEqual([2, 2]);
  expect([...y!.data]).toEqual([58, 64, 139, 154]);
});

test("more columns than are summed at one time", () => {
  const ones: Tensor = { shape: [1, 5], data: new Float32Array(5).fill(1) };
  const right: Tensor = { shape: [5, 19], data: Float32Array.from({ length: 95 }, (_, index) => index % 19) };
  const [y] = callReferenceOp("matMul", [ones, right], { transposeA: false, transposeB: false });
  expect([...y!.data]).toEqual(Array.from({ length: 19 }, (_, column) => 5 * column));
});

test("sums in double precision", () => {
  const left: Tensor = { shape: [1, 3], data: Float32Array.of(1e8, 1, -1e8) };
  const right: Tensor = { shape: [3, 1], data: Float32Array.of(1, 1, 1) };
  expect([...callReferenceOp("matMul", [left, right], { transposeA: false, transposeB: false })[0]!.data]).toEqual([1]);
});
