import { type PlanOp, type StepValues, sizeOf, typedArrays } from "@convoy/core/backend";
import { type KernelTensor, runReferenceOp } from "@convoy/core/reference";
import type { Device } from "./device.js";
import type { DeviceTensor } from "./kernel.js";

/**
 * Runs an op for which there is no kernel yet: its inputs are copied to the host, the reference computes, and what it wrote
 * is copied back. Slow, and the reason why a new backend is right from its first day.
 */
export async function runOnHost(
  op: PlanOp,
  tensors: ReadonlyMap<number, DeviceTensor>,
  step: StepValues,
  device: Device,
): Promise<void> {
  const host = new Map<number, KernelTensor>();
  for (const id of op.inputs) {
    const { memory, byteOffset, shape, dtype } = tensors.get(id)!;
    const TypedArray = typedArrays[dtype];
    const bytes = await device.download(memory, byteOffset, sizeOf(shape) * TypedArray.BYTES_PER_ELEMENT);
    host.set(id, { shape, dtype, data: new TypedArray(bytes) });
  }
  for (const id of op.outputs) {
    const { shape, dtype } = tensors.get(id)!;
    host.set(id, { shape, dtype, data: new typedArrays[dtype](sizeOf(shape)) });
  }
  runReferenceOp(op, host, step);
  for (const id of [...op.outputs, ...op.updates]) {
    const { data } = host.get(id)!;
    const { memory, byteOffset } = tensors.get(id)!;
    device.upload(memory, byteOffset, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
}
