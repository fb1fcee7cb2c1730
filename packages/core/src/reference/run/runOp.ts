import { type Attributes, type BoundOp, noKernel, type StepValues, UnsupportedOpError } from "../../backend/index.js";
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
export function referenceKernel({ op, label }: { readonly op: string; readonly label: string }): Kernel {
  if (!Object.hasOwn(kernels, op)) {
    const reason = noKernel("reference", op);
    throw new UnsupportedOpError(`${reason} (${label}). Add it to packages/core/src/reference/kernels`, { op, reason });
  }
  return kernels[op as keyof typeof kernels] as Kernel<Attributes>;
}
