import {
  type Attributes,
  noKernel,
  PlanError,
  type PlanOp,
  type StepValues,
  UnsupportedOpError,
} from "../backend/index.js";
import type { Kernel, KernelTensor } from "./kernel.js";
import { referenceKernels } from "./kernels/index.js";

/**
 * Runs one op of a plan on host arrays. `tensors` holds every value that the op names, by id; of a fused op also those that
 * only its parts use: its parts are run one after the other.
 */
export function runReferenceOp(op: PlanOp, tensors: ReadonlyMap<number, KernelTensor>, step: StepValues): void {
  if (op.parts !== undefined) {
    for (const part of op.parts) {
      runReferenceOp(part, tensors, step);
    }
    return;
  }
  const tensor = (id: number): KernelTensor => {
    const found = tensors.get(id);
    if (found === undefined) {
      throw new PlanError(`${op.op} (${op.label}): value ${id} was not given`);
    }
    return found;
  };
  const { attributes } = op;
  referenceKernel(op)({ inputs: op.inputs.map(tensor), outputs: op.outputs.map(tensor), attributes, step });
}

/** The kernel of an op that is not fused. Throws `UnsupportedOpError` for a name that is unknown. */
export function referenceKernel({ op, label }: Pick<PlanOp, "op" | "label">): Kernel {
  if (!Object.hasOwn(referenceKernels, op)) {
    const reason = noKernel("reference", op);
    throw new UnsupportedOpError(`${reason} (${label}). Add it to packages/core/src/reference/kernels`, { op, reason });
  }
  return referenceKernels[op as keyof typeof referenceKernels] as Kernel<Attributes>;
}
