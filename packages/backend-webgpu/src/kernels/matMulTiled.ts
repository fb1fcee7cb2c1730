/** y[m,n] = sum over k of a[m,k] b[k,n], either stored transposed, then bias and activation: a tiled product. */

import type { Dispatch } from "../dispatch.js";
import type { KernelTarget } from "../kernel.js";
import { reads, writes } from "../shader.js";
import { activated, biased, epilogueDeclarations, epilogueTensors } from "./epilogue.js";
import type { MatMulProblem } from "./matMulProblem.js";
import { storeEach, tiledProduct } from "./tiledProduct.js";

export function matMulTiled(problem: MatMulProblem, _target: KernelTarget): Dispatch[] {
  const { label, a, b, output, attributes, M, N, K, epilogue } = problem;
  const { transposeA, transposeB } = attributes;
  const elements = `fn elementA(m: u32, k: u32) -> f32 { return a[${transposeA ? `k * ${M}u + m` : `m * ${K}u + k`}]; }
fn elementB(k: u32, n: u32) -> f32 { return b[${transposeB ? `n * ${K}u + k` : `k * ${N}u + n`}]; }
`;
  const store = storeEach(
    M,
    N,
    (sum, r, c) =>
      `let value = ${biased(epilogue, sum, c)}; y[${r} * ${N}u + ${c}] = ${activated(epilogue, "value", 1)};`,
  );
  const contiguousA = transposeA ? "m" : "k";
  const contiguousB = transposeB ? "k" : "n";
  return [
    tiledProduct(
      { M, N, K, elements, contiguousA, contiguousB, store },
      {
        label,
        tensors: { a: reads(a), b: reads(b), ...epilogueTensors(epilogue, 1), y: writes(output) },
        declarations: epilogueDeclarations(epilogue),
      },
    ),
  ];
}
