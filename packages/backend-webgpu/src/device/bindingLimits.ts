import { bytesOf, formatShape, type OpInstance, type TensorSpec } from "@convoy/core/backend";
import { sourceChunks } from "../wgsl/sourceChunks.js";
import type { KernelTarget } from "../wgsl/target.js";

/** What a device allows a dispatch to bind. */
type BindingLimits = Pick<KernelTarget, "maxBindingBytes" | "maxBindings">;

/** True, or which tensor of the op is larger than what a kernel can bind. */
export function fitsBindings(op: OpInstance, { maxBindingBytes, maxBindings }: BindingLimits): true | string {
  const tensors = [
    ...op.inputs.map((spec, index) => [`input ${index}`, spec] as const),
    ...op.outputs.map((spec, index) => [`output ${index}`, spec] as const),
  ];
  for (const [index, [name, spec]] of tensors.entries()) {
    // A data set may be bound in chunks, beside its order, transforms and the batch.
    const chunked = gathers(op) && index === 0;
    const chunks = chunked ? maxBindings - (op.op === "gatherRows" ? 2 : 3) : 1;
    const needed = chunked ? sourceChunks(spec, maxBindingBytes).count : 1;
    if (needed > chunks || (needed === 1 && bytesOf(spec) > maxBindingBytes)) {
      return (
        `${name} ${formatShape(spec.shape)} takes ${bytesOf(spec)} bytes, this adapter binds at most ` +
        `${chunks > 1 ? `${chunks} chunks of ` : ""}${maxBindingBytes} (maxStorageBufferBindingSize); ${remedy(op, spec)}`
      );
    }
  }
  return true;
}

function gathers({ op }: OpInstance): boolean {
  return op === "gatherRows" || op === "fusedGatherRows";
}

function remedy(op: OpInstance, spec: TensorSpec): string {
  return gathers(op) && spec.dtype === "float32"
    ? "keep the images as bytes (Uint8Array), or train on parts of the data set"
    : "use a smaller batch, model or data set";
}
