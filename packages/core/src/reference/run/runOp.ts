import {
  type Attributes,
  type BoundOp,
  type KernelTable,
  requireKernel,
  type StepValues,
} from "../../backend/index.js";
import { kernels } from "../kernels/index.js";
import type { Kernel, KernelTensor } from "../kernels/kernel.js";

/**
 * Runs one op of a plan on host arrays; the parts of a fused op one after the other. Throws `UnsupportedOpError` for a name
 * that is unknown.
 */
export function runReferenceOp(op: BoundOp<KernelTensor>, step: StepValues): void {
  if (op.parts !== undefined) {
    for (const part of op.parts) {
      runReferenceOp(part, step);
    }
    return;
  }
  const { inputs, outputs, attributes } = op;
  referenceKernel(op)({ inputs, outputs, attributes, step });
}

/** The kernel of an op that is not fused. Throws `UnsupportedOpError` for a name that is unknown. */
export function referenceKernel({ op, label }: Pick<BoundOp<KernelTensor>, "op" | "label">): Kernel {
  return requireKernel("reference", kernels as KernelTable<Kernel<never>>, { op, label }) as Kernel<Attributes>;
}
