import { type BoundOp, type StepValues, sizeOf, typedArrays } from "@convoy/core/backend";
import { type KernelTensor, runReferenceOp } from "@convoy/core/reference";
import type { Device } from "../device/device.js";
import type { DeviceTensor } from "../kernels/kernel.js";

/**
 * Runs an op for which there is no kernel yet: its inputs are copied to the host, the reference computes, and what it wrote
 * is copied back. Slow, and the reason why a new backend is right from its first day.
 */
export async function runOnHost(op: BoundOp<DeviceTensor>, step: StepValues, device: Device): Promise<void> {
  const host = new Map<DeviceTensor, KernelTensor>();
  for (const tensor of op.inputs) {
    const { memory, byteOffset, shape, dtype } = tensor;
    const TypedArray = typedArrays[dtype];
    const bytes = await device.download(memory!, byteOffset, sizeOf(shape) * TypedArray.BYTES_PER_ELEMENT);
    host.set(tensor, { shape, dtype, data: new TypedArray(bytes) });
  }
  for (const tensor of op.outputs) {
    const { shape, dtype } = tensor;
    host.set(tensor, { shape, dtype, data: new typedArrays[dtype](sizeOf(shape)) });
  }
  const onHost = (tensors: readonly DeviceTensor[]): KernelTensor[] => tensors.map((tensor) => host.get(tensor)!);
  runReferenceOp(
    {
      op: op.op,
      attributes: op.attributes,
      inputs: onHost(op.inputs),
      outputs: onHost(op.outputs),
      updates: onHost(op.updates),
      label: op.label,
    },
    step,
  );
  for (const tensor of [...op.outputs, ...op.updates]) {
    const { data } = host.get(tensor)!;
    device.upload(tensor.memory!, tensor.byteOffset, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
}
