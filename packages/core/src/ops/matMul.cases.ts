import { integers, normal } from "./caseInputs.js";
import type { CaseInput, OpCase } from "./opCase.js";
import { sum } from "./tolerances.js";

/** [M,K] by [K,N], stored as the transpositions say; both gradients included. */
function product(
  M: number,
  K: number,
  N: number,
  transposeA = false,
  transposeB = false,
  fill: (shape: readonly number[]) => CaseInput = normal,
): OpCase<"matMul"> {
  return {
    op: "matMul",
    name: `${M}x${K}${transposeA ? " transposed" : ""} by ${K}x${N}${transposeB ? " transposed" : ""}${fill === normal ? "" : `, ${fill.name}`}`,
    attributes: { transposeA, transposeB },
    inputs: [fill(transposeA ? [K, M] : [M, K]), fill(transposeB ? [N, K] : [K, N])],
    tolerance: sum(K),
    differentiate: [
      { input: 0, tolerance: sum(N) },
      { input: 1, tolerance: sum(M) },
    ],
  };
}

const sizes: readonly (readonly [M: number, K: number, N: number])[] = [
  [1, 1, 1],
  [7, 7, 7],
  [1, 64, 10],
  [5, 3, 17],
  [64, 64, 64],
  [33, 7, 1],
];

export const matMulCases: readonly OpCase<"matMul">[] = [
  ...sizes.flatMap(([M, K, N]) => [
    product(M, K, N),
    product(M, K, N, true, false),
    product(M, K, N, false, true),
    product(M, K, N, true, true),
  ]),
  // Outer and inner products.
  product(64, 1, 7),
  product(1, 100, 1),
  product(7, 1, 64, true, true),
  // Dense layers: their gradients are the transposed products.
  product(8, 576, 64),
  product(5, 1600, 64),
  product(64, 64, 10),
  product(3, 576, 64, false, true),
  product(13, 9, 11, false, false, integers),
];
