import {
  aligned,
  type Backend,
  bytesOf,
  type DeviceBuffer,
  type KernelName,
  type OpAttributes,
  ops,
  type Plan,
  type PlanValue,
  type StepTable,
  stepBytes,
  type Tensor,
  type TensorSpec,
  typedArrays,
} from "@convoy/core/backend";

const oneStep: StepTable = { count: 1, bytes: new Uint8Array(stepBytes) };

/** Runs one op on a backend, every tensor in a buffer of its own, and returns its first output. */
export async function runOp<N extends KernelName>(
  backend: Backend,
  op: N,
  inputs: readonly (Tensor & TensorSpec)[],
  attributes: OpAttributes[N],
): Promise<Float32Array> {
  const definition = ops[op];
  const outputs = definition.inferOutputs(inputs, attributes);
  const specs = [...inputs, ...outputs];
  const values: PlanValue[] = specs.map(({ shape, dtype }, id) => ({
    id,
    label: `value${id}`,
    shape,
    dtype,
    buffer: `value${id}`,
    byteOffset: 0,
  }));
  const instance = { op, attributes: attributes as never, inputs, outputs };
  const workspaceBytes = backend.workspaceBytes?.(instance) ?? 0;
  const workspace: PlanValue[] =
    workspaceBytes > 0
      ? [
          {
            id: specs.length,
            label: "workspace",
            shape: [workspaceBytes],
            dtype: "uint8",
            buffer: "arena",
            byteOffset: 0,
          },
        ]
      : [];
  const plan: Plan = {
    mode: "test",
    batchSize: 1,
    values: [...values, ...workspace],
    ops: [
      {
        op,
        attributes: attributes as never,
        inputs: inputs.map((_, index) => index),
        outputs: outputs.map((_, index) => inputs.length + index),
        updates: [],
        ...(workspaceBytes > 0 ? { workspace: specs.length } : {}),
        label: op,
        flops: 0,
        bytes: 0,
      },
    ],
    buffers: Object.fromEntries(
      values.map(({ label, shape, dtype }) => [
        label,
        { dtype, length: bytesOf({ shape, dtype }) / typedArrays[dtype].BYTES_PER_ELEMENT },
      ]),
    ),
    arenaBytes: aligned(workspaceBytes),
    results: [],
  };
  const buffers: Record<string, DeviceBuffer> = {
    arena: backend.createBuffer("arena", { dtype: "uint8", length: Math.max(1, plan.arenaBytes) }),
  };
  for (const [name, spec] of Object.entries(plan.buffers)) {
    buffers[name] = backend.createBuffer(name, spec);
  }
  inputs.forEach(({ data }, index) => {
    buffers[`value${index}`]!.write(data);
  });
  const executable = await backend.compile(plan, buffers);
  await executable.run(oneStep);
  const result = await buffers[`value${inputs.length}`]!.read();
  executable.dispose();
  for (const buffer of Object.values(buffers)) {
    buffer.dispose();
  }
  return result as Float32Array;
}

/** ||a - b|| / ||b|| */
export function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    norm += b[i]! ** 2;
  }
  return norm === 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
}
