import { bytesOf, formatShape, type OpInstance, type TensorSpec } from "@convoy/core/backend";

/** Bytes that one binding may have. */
export interface BindingLimits {
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
}

/** True, or which tensor of the op is larger than what a kernel can bind at once. */
export function fitsBindings(op: OpInstance, limits: BindingLimits): true | string {
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  const tensors = [
    ...op.inputs.map((spec, index) => [`input ${index}`, spec] as const),
    ...op.outputs.map((spec, index) => [`output ${index}`, spec] as const),
  ];
  for (const [name, spec] of tensors) {
    if (bytesOf(spec) > most) {
      return (
        `${name} ${formatShape(spec.shape)} takes ${bytesOf(spec)} bytes, this adapter binds at most ${most} ` +
        `(maxStorageBufferBindingSize); ${remedy(op, spec)}`
      );
    }
  }
  return true;
}

function remedy(op: OpInstance, spec: TensorSpec): string {
  return op.op === "gatherRows" && spec.dtype === "float32"
    ? "keep the images as bytes (Uint8Array), or train on parts of the data set"
    : "use a smaller batch, model or data set";
}
