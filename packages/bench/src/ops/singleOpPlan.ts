import type { Backend } from "@convoy/core";
import {
  aligned,
  bytesOf,
  type KernelName,
  type OpAttributes,
  type OpInstance,
  ops,
  type Plan,
  type PlanValue,
  sizeOf,
  type TensorSpec,
} from "@convoy/core/backend";

/** An op with its attributes and inputs, apart from any network. */
export type SingleOp = {
  readonly [N in KernelName]: {
    readonly op: N;
    readonly attributes: OpAttributes[N];
    readonly inputs: readonly TensorSpec[];
  };
}[KernelName];

/** The op alone as a plan, each tensor in a buffer of its own: `input 0`, `input 1`, ..., `output 0`, ... */
export function singleOpPlan(backend: Backend, { op, attributes, inputs }: SingleOp): Plan {
  const definition = ops[op];
  const outputs = definition.inferOutputs(inputs, attributes as never);
  const instance: OpInstance = { op, attributes: { ...attributes }, inputs, outputs };
  const workspace = backend.workspaceBytes?.(instance) ?? 0;
  const values: PlanValue[] = [
    ...inputs.map((spec, index) => ({ ...spec, label: `input ${index}` })),
    ...outputs.map((spec, index) => ({ ...spec, label: `output ${index}` })),
  ].map((spec, id) => ({ ...spec, id, buffer: spec.label, byteOffset: 0 }));
  const scratch: PlanValue = {
    ...{ id: values.length, label: "workspace", shape: [workspace], dtype: "uint8" },
    ...{ buffer: "arena", byteOffset: 0 },
  };
  const updates = (definition.updates ?? []).filter((position) => position < inputs.length);
  const moved = [...inputs, ...outputs, ...updates.map((position) => inputs[position]!)];
  return {
    mode: "test",
    batchSize: 1,
    values: [...values, ...(workspace > 0 ? [scratch] : [])],
    ops: [
      {
        ...{ op, attributes: { ...attributes }, updates, label: op },
        inputs: inputs.map((_, id) => id),
        outputs: outputs.map((_, index) => inputs.length + index),
        ...(workspace > 0 ? { workspace: scratch.id } : {}),
        flops: definition.flops(inputs, outputs, attributes as never),
        bytes:
          definition.bytes?.(inputs, outputs, attributes as never) ??
          moved.reduce((total, spec) => total + bytesOf(spec), 0),
      },
    ],
    buffers: Object.fromEntries(values.map(({ label, shape, dtype }) => [label, { dtype, length: sizeOf(shape) }])),
    arenaBytes: aligned(workspace),
    results: [],
  };
}
