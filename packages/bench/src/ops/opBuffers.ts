import type { Backend, Tensor } from "@convoy/core";
import { type DeviceBuffer, type Plan, type StepTable, stepBytes, stepLayout, typedArrays } from "@convoy/core/backend";
import type { LabelledImages } from "@convoy/core/datasets";

/** The buffers of an isolated plan, each holding what it holds in training. */
export type OpBuffers = Readonly<Record<string, DeviceBuffer>>;

/** A table of equal steps. Rates are 0: the weights stay the same however often an update runs, at the same cost. */
export function stepTable(count: number): StepTable {
  const bytes = new Uint8Array(count * stepBytes);
  const view = new DataView(bytes.buffer);
  for (let row = 0; row < count; row++) {
    view.setUint32(row * stepBytes + stepLayout.seedLow * 4, 1, true);
  }
  return { count, bytes };
}

/**
 * Makes the buffers of an isolated plan, puts images and weights into them and runs a step, so that every op then finds
 * the activations and gradients of real training: how many zeros there are decides how fast some kernels are.
 */
export async function fillBuffers(
  backend: Backend,
  plan: Plan,
  weights: readonly Tensor<Float32Array>[],
  { images, labels }: LabelledImages,
): Promise<OpBuffers> {
  const buffers: Record<string, DeviceBuffer> = {
    arena: backend.createBuffer("arena", { dtype: "uint8", length: Math.max(1, plan.arenaBytes) }),
  };
  for (const [name, spec] of Object.entries(plan.buffers)) {
    buffers[name] = backend.createBuffer(name, spec);
  }
  const contents: Readonly<Record<string, () => void>> = {
    inputs: () => buffers.inputs!.write(Float32Array.from(images.data, (value) => value * (images.scale ?? 1))),
    labels: () => buffers.labels!.write(labels.data),
    order: () => buffers.order!.write(Int32Array.from({ length: plan.batchSize }, (_, row) => row)),
    parameters: () => writeWeights(plan, buffers.parameters!, weights),
  };
  for (const name of Object.keys(plan.buffers)) {
    contents[name]?.();
  }
  const executable = await backend.compile(plan, buffers);
  await executable.run(stepTable(1));
  executable.dispose();
  return buffers;
}

/** Parameters are named "layer/weight" and come in the order of the weights; the optimizer's view of them has another name. */
function writeWeights(plan: Plan, buffer: DeviceBuffer, weights: readonly Tensor<Float32Array>[]): void {
  const content = new typedArrays.float32(buffer.length);
  const offsets = new Set(
    plan.values
      .filter(({ buffer: where, label }) => where === "parameters" && label.includes("/"))
      .map(({ byteOffset }) => byteOffset / content.BYTES_PER_ELEMENT),
  );
  [...offsets].forEach((offset, index) => {
    content.set(weights[index]!.data, offset);
  });
  buffer.write(content);
}
