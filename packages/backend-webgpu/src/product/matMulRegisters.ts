/**
 * y[m,n] = sum over k of a[m,k] b[k,n], without workgroup memory; a [M,K], b [K,N] -> [M,N], either stored transposed.
 *
 * 2 M N K FLOP. An invocation keeps up to 4 rows by 8 columns in registers and reads 12 numbers for 32 multiply-adds; where
 * K is contiguous it is read in vectors. The lanes of a workgroup share their columns, which may be exchanged within
 * subgroups. For adapters whose barriers are slow: software adapters, that is.
 *
 * Measured on llvmpipe (Mesa 25), two Xeon 2.6 GHz threads: 64x1600 by 1600x64, 0.90 ms, with subgroups of 8 lanes 0.40 ms,
 * 33 GFLOP/s; SwiftShader 2.1 ms.
 */

import type { Dispatch } from "../wgsl/dispatch.js";
import { element, floats, largestDivisor, reads, unrolled, vectorWidth, workgroups, writes } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import { activated, composed, epilogueDeclarations, epilogueTensors } from "./epilogue.js";
import type { MatMulSpec } from "./matMulSpec.js";
import { fullSubgroupSize, registersVariant, sharedVectors } from "./sharedVectors.js";

/** Maximum number of lanes of a workgroup. */
const maxLanes = 64;

/**
 * Vectors of columns per invocation, in order of preference. Four would be a quarter faster with subgroups, but take
 * software adapters two seconds more to compile, for layers that are a few percent of a step.
 */
const blockings = { alone: [2, 4], exchanging: [2, 4, 8] } as const;

export function* matMulRegisters(spec: MatMulSpec, target: KernelTarget): Iterable<Dispatch> {
  const subgroupSize = fullSubgroupSize(target, maxLanes);
  const vectors = spec.N / vectorWidth(spec.N);
  const sizes = blockings[subgroupSize ? "exchanging" : "alone"].map((max) => largestDivisor(vectors, max));
  for (const size of new Set(sizes)) {
    yield product(spec, size, subgroupSize);
  }
}

function product(spec: MatMulSpec, vectors: number, subgroupSize: number | undefined): Dispatch {
  const { label, a, b, output, M, N, K, epilogue } = spec;
  const { transposeA, transposeB } = spec.attributes;
  const kWidth = transposeA && !transposeB ? 1 : vectorWidth(K);
  const mWidth = vectorWidth(M);
  const nWidth = vectorWidth(N);
  const rows = transposeA ? mWidth : largestDivisor(M, 4);
  const type = floats(nWidth);
  // Element (row i, k + kk) of a as loaded below, and the vector of b at k + kk, columns of vector j.
  const aValue = (i: number, kk: number): string =>
    transposeA ? element(`a${kk}`, i, mWidth) : element(`a${i}`, kk, kWidth);
  const columns = transposeB
    ? sharedVectors("column", "b", vectors * nWidth, (j) => `((n + ${j}) * ${K}u + k) / ${kWidth}u`, subgroupSize)
    : sharedVectors(
        "row",
        "b",
        kWidth * vectors,
        (e) => `((k + ${e} / ${vectors}u) * ${N}u + n) / ${nWidth}u + ${e} % ${vectors}u`,
        subgroupSize,
      );
  const bValue = (kk: number, j: number): string => {
    if (!transposeB) {
      return columns.vector(kk * vectors + j);
    }
    const elements = Array.from({ length: nWidth }, (_, c) => element(`column${j * nWidth + c}Of`, kk, kWidth));
    return `${type}(${elements.join(", ")})`;
  };
  const loadA = transposeA
    ? unrolled(kWidth, (kk) => `let a${kk} = a[((k + ${kk}u) * ${M}u + m) / ${mWidth}u];`)
    : unrolled(rows, (i) => `let a${i} = a[((m + ${i}u) * ${K}u + k) / ${kWidth}u];`);
  // Once each, as an exchange is not free.
  const named = transposeB ? unrolled(vectors * nWidth, (j) => `let column${j}Of = ${columns.vector(j)};`) : "";
  const multiply = unrolled(kWidth, (kk) =>
    unrolled(
      vectors,
      (j) => `{
        let right = ${bValue(kk, j)};
        ${unrolled(rows, (i) => `sum${i}_${j} = fma(${type}(${aValue(i, kk)}), right, sum${i}_${j});`)}
      }`,
    ),
  );
  const place = (i: number): string => `(m + ${i}u) * ${N / nWidth}u + at`;
  const store = unrolled(rows, (i) =>
    unrolled(
      vectors,
      (j) => `{
      let at = n / ${nWidth}u + ${j}u;
      let value = ${composed(epilogue, `sum${i}_${j}`, "at", place(i))};
      y[${place(i)}] = ${activated(epilogue, "value", nWidth)};
    }`,
    ),
  );
  const rowBlocks = M / rows;
  const rowGroups = Math.ceil(rowBlocks / maxLanes);
  const whole = subgroupSize ?? 1;
  const lanes = Math.ceil(rowBlocks / rowGroups / whole) * whole;
  // Lanes of a workgroup share their columns.
  const body = `
    let own = group % ${rowGroups}u * ${lanes}u + lane;
    // Lanes beyond the last row compute it again, as all lanes must take part in exchanges.
    let m = min(own, ${rowBlocks - 1}u) * ${rows}u;
    let n = group / ${rowGroups}u * ${vectors * nWidth}u;
    ${unrolled(rows, (i) => unrolled(vectors, (j) => `var sum${i}_${j} = ${type}();`))}
    for (var k = 0u; k < ${K}u; k += ${kWidth}u) {
      ${loadA}
      ${columns.load}
      ${named}
      ${multiply}
    }
    if (own < ${rowBlocks}u) {
      ${store}
    }`;
  return workgroups(rowGroups * (N / (vectors * nWidth)), body, {
    label,
    variant: registersVariant(`${rows} rows by ${vectors * nWidth} columns`, subgroupSize),
    tensors: {
      a: reads(a, floats(transposeA ? mWidth : kWidth)),
      b: reads(b, floats(transposeB ? kWidth : nWidth)),
      ...epilogueTensors(epilogue, nWidth),
      y: writes(output, type),
    },
    declarations: epilogueDeclarations(epilogue, nWidth),
    workgroupSize: lanes,
    extensions: subgroupSize ? ["subgroups"] : [],
  });
}
