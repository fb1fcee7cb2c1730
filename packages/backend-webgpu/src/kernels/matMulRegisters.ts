/**
 * y[m,n] = sum over k of a[m,k] b[k,n], without workgroup memory; a [M,K], b [K,N] -> [M,N], either stored transposed.
 *
 * 2 M N K FLOP. An invocation keeps up to 4 rows by 8 columns in registers and reads 12 numbers for 32 multiply-adds; where
 * K is contiguous it is read in vectors. For adapters whose barriers are slow: software adapters, that is.
 *
 * Measured on llvmpipe (Mesa 25), two Zen 4 threads: 64x1600 by 1600x64, 1.9 ms, 7 GFLOP/s; SwiftShader 5 ms.
 */

import type { Dispatch } from "../dispatch.js";
import { blockOf, element, floats, invocations, reads, unrolled, vectorWidth, writes } from "../shader.js";
import { activated, biased, epilogueDeclarations, epilogueTensors } from "./epilogue.js";
import type { MatMulProblem } from "./matMulProblem.js";

/** Columns in vectors that an invocation computes. */
const columnVectors = 2;

export function matMulRegisters(problem: MatMulProblem): Dispatch[] {
  const { label, a, b, output, M, N, K, epilogue } = problem;
  const { transposeA, transposeB } = problem.attributes;
  const kWidth = transposeA && !transposeB ? 1 : vectorWidth(K);
  const mWidth = vectorWidth(M);
  const nWidth = vectorWidth(N);
  const rows = transposeA ? mWidth : blockOf(M, 4);
  const vectors = blockOf(N / nWidth, columnVectors);
  const type = floats(nWidth);
  // Element (row i, k + kk) of a as loaded below, and the vector of b at k + kk, columns of vector j.
  const aValue = (i: number, kk: number): string =>
    transposeA ? element(`a${kk}`, i, mWidth) : element(`a${i}`, kk, kWidth);
  const bValue = (kk: number, j: number): string => {
    if (!transposeB) {
      return `b${kk}_${j}`;
    }
    const columns = Array.from({ length: nWidth }, (_, c) => element(`b${j * nWidth + c}`, kk, kWidth));
    return `${type}(${columns.join(", ")})`;
  };
  const loadA = transposeA
    ? unrolled(kWidth, (kk) => `let a${kk} = a[((k + ${kk}u) * ${M}u + m) / ${mWidth}u];`)
    : unrolled(rows, (i) => `let a${i} = a[((m + ${i}u) * ${K}u + k) / ${kWidth}u];`);
  const loadB = transposeB
    ? unrolled(vectors * nWidth, (j) => `let b${j} = b[((n + ${j}u) * ${K}u + k) / ${kWidth}u];`)
    : unrolled(kWidth, (kk) =>
        unrolled(vectors, (j) => `let b${kk}_${j} = b[((k + ${kk}u) * ${N}u + n) / ${nWidth}u + ${j}u];`),
      );
  const multiply = unrolled(kWidth, (kk) =>
    unrolled(rows, (i) =>
      unrolled(vectors, (j) => `sum${i}_${j} = fma(${type}(${aValue(i, kk)}), ${bValue(kk, j)}, sum${i}_${j});`),
    ),
  );
  const store = unrolled(rows, (i) =>
    unrolled(
      vectors,
      (j) => `{
      let at = n / ${nWidth}u + ${j}u;
      let value = ${biased(epilogue, `sum${i}_${j}`, "at")};
      y[(m + ${i}u) * ${N / nWidth}u + at] = ${activated(epilogue, "value", nWidth)};
    }`,
    ),
  );
  const rowBlocks = M / rows;
  // Lanes of a workgroup share their columns: what they read of b is the same.
  const body = `
    let m = index % ${rowBlocks}u * ${rows}u;
    let n = index / ${rowBlocks}u * ${vectors * nWidth}u;
    ${unrolled(rows, (i) => unrolled(vectors, (j) => `var sum${i}_${j} = ${type}();`))}
    for (var k = 0u; k < ${K}u; k += ${kWidth}u) {
      ${loadA}
      ${loadB}
      ${multiply}
    }
    ${store}`;
  return [
    invocations(rowBlocks * (N / (vectors * nWidth)), body, {
      label,
      tensors: {
        a: reads(a, floats(transposeA ? mWidth : kWidth)),
        b: reads(b, floats(transposeB ? kWidth : nWidth)),
        ...epilogueTensors(epilogue, nWidth),
        y: writes(output, type),
      },
      declarations: epilogueDeclarations(epilogue),
    }),
  ];
}
