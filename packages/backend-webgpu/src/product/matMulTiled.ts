/** y[m,n] = sum over k of a[m,k] b[k,n], either stored transposed, then bias and activation: a product for GPUs. */

import type { Dispatch } from "../wgsl/dispatch.js";
import { floats, reads, writes } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import { epilogueDeclarations, epilogueTensors } from "./epilogue.js";
import type { MatMulSpec } from "./matMulSpec.js";
import { matrix, matrixType } from "./matrixProduct.js";
import { storeRows, storeWidth } from "./productStore.js";
import { productVariants } from "./productVariants.js";

export function matMulTiled(spec: MatMulSpec, target: KernelTarget): Iterable<Dispatch> {
  const { label, a, b, output, attributes, M, N, K, epilogue } = spec;
  const { transposeA, transposeB } = attributes;
  const axisA = transposeA ? "line" : "k";
  const axisB = transposeB ? "k" : "line";
  return productVariants(
    {
      M,
      N,
      K,
      a: matrix("a", axisA, M, K),
      b: matrix("b", axisB, N, K),
      store: storeRows("y", { M, N }, epilogue),
      forward: !transposeA && !transposeB,
    },
    {
      label,
      tensors: {
        a: reads(a, matrixType(axisA, M, K)),
        b: reads(b, matrixType(axisB, N, K)),
        ...epilogueTensors(epilogue, storeWidth(N)),
        y: writes(output, floats(storeWidth(N))),
      },
      declarations: epilogueDeclarations(epilogue, storeWidth(N)),
    },
    target,
  );
}
