import { kernelFor, noKernel, type OpInstance, sizeOf } from "@convoy/core/backend";
import { kernels } from "./index.js";

/** Index arithmetic in the kernels is 32-bit; data sets are the exception. */
const maxElements = 2 ** 31 - 1;

/** Their inputs may be data sets. */
const dataSetOps: ReadonlySet<string> = new Set(["gatherRows", "storeRows", "fusedGatherRows"]);

/** True, or the reason why an op cannot run on a CUDA device. */
export function supportsOp(op: OpInstance): true | string {
  const kernel = kernelFor(kernels, op.op);
  if (kernel === undefined) {
    return noKernel("cuda", op.op);
  }
  const tensors = [op, ...(op.parts ?? [])].flatMap((part) => [
    ...(dataSetOps.has(part.op) ? [] : part.inputs),
    ...part.outputs,
  ]);
  const largest = Math.max(0, ...tensors.map(({ shape }) => sizeOf(shape)));
  if (largest > maxElements) {
    return `a tensor of ${largest} elements is more than the CUDA kernels can index (${maxElements}); use a smaller batch`;
  }
  return kernel.supports?.(op) ?? true;
}
