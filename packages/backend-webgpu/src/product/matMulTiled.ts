/** y[m,n] = sum over k of a[m,k] b[k,n], either stored transposed, then bias and activation: a product for GPUs. */

import type { Dispatch } from "../wgsl/dispatch.js";
import type { KernelTarget } from "../wgsl/kernel.js";
import { floats, reads, writes } from "../wgsl/shader.js";
import { epilogueDeclarations, epilogueTensors } from "./epilogue.js";
import type { MatMulProblem } from "./matMulSpec.js";
import { matrix, matrixType } from "./matrixProduct.js";
import { storeRows, storeWidth } from "./productStore.js";
import { productWays } from "./productVariants.js";

export function matMulTiled(problem: MatMulProblem, target: KernelTarget): Iterable<Dispatch> {
  const { label, a, b, output, attributes, M, N, K, epilogue } = problem;
  const { transposeA, transposeB } = attributes;
  const alongA = transposeA ? "line" : "k";
  const alongB = transposeB ? "k" : "line";
  return productWays(
    {
      M,
      N,
      K,
      a: matrix("a", alongA, M, K),
      b: matrix("b", alongB, N, K),
      store: storeRows("y", { M, N }, epilogue),
      forward: !transposeA && !transposeB,
    },
    {
      label,
      tensors: {
        a: reads(a, matrixType(alongA, M, K)),
        b: reads(b, matrixType(alongB, N, K)),
        ...epilogueTensors(epilogue, storeWidth(N)),
        y: writes(output, floats(storeWidth(N))),
      },
      declarations: epilogueDeclarations(epilogue),
    },
    target,
  );
}
