import { matMulSizes } from "../../backend/index.js";
import type { KernelOf } from "./kernel.js";
import { WeightedRows } from "./weightedRows.js";

/**
 * y[m,n] = sum over k of a[m,k] * b[k,n]
 *
 * a [M,K], b [K,N] -> [M,N], either stored transposed; 2 M N K FLOP; 3.3 GFLOP/s on one core of a server (64 x 576 x 64).
 */
export const matMul: KernelOf<"matMul"> = ({ inputs: [a, b], outputs: [output], attributes }) => {
  const { M, N, K } = matMulSizes(a!, b!, attributes);
  const { transposeA, transposeB } = attributes;
  const product = new WeightedRows(K, N);
  const [stepK, stepN] = transposeB ? [1, K] : [N, 1];
  for (let k = 0; k < K; k++) {
    for (let n = 0; n < N; n++) {
      product.rows[k * N + n] = b!.data[k * stepK + n * stepN]!;
    }
  }
  const [stepM, stepOfA] = transposeA ? [1, M] : [K, 1];
  const sum = new Float64Array(N);
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) {
      product.weights[k] = a!.data[m * stepM + k * stepOfA]!;
    }
    sum.fill(0);
    product.addTo(sum, 0);
    output!.data.set(sum, m * N);
  }
};
