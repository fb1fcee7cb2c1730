import {
  type Attributes,
  type Backend,
  bytesOf,
  ops as definitions,
  type FusedName,
  type OpInstance,
  type OpName,
  type Plan,
  type PlanOp,
  type PlanValue,
  type Shape,
  sizeOf,
  stepBytes,
  type TensorData,
  type TensorSpec,
} from "@convoy/core/backend";

/** An op over earlier tensors by number: the inputs in their order, then the outputs of the ops. */
export interface TestOp {
  readonly op: Exclude<OpName, "reshape">;
  readonly attributes: object;
  readonly inputs: readonly number[];
}

/** A tensor of normally distributed numbers, about. */
export interface TestInput {
  readonly shape: Shape;
  readonly scale?: number;
  readonly offset?: number;
}

/**
 * Runs ops one after the other, or as one fused op in which what only its parts read has no memory, and returns what the outputs of
 * the last op hold, or the inputs that it updates. Tensors in `unread` have no memory either: nothing wants them.
 */
export async function runOps(
  backend: Backend,
  inputs: readonly TestInput[],
  ops: readonly TestOp[],
  fused?: FusedName,
  unread: readonly number[] = [],
): Promise<TensorData[]> {
  const specs: TensorSpec[] = inputs.map(({ shape }) => ({ shape, dtype: "float32" }));
  const parts: (PlanOp & { readonly instance: OpInstance })[] = [];
  for (const { op, attributes, inputs: ids } of ops) {
    const definition = definitions[op];
    const given = ids.map((id) => specs[id]!);
    const outputs = definition.inferOutputs(given, attributes as never);
    const first = specs.length;
    specs.push(...outputs);
    parts.push({
      ...{ op, attributes: attributes as Attributes, inputs: ids, label: "test", flops: 0, bytes: 0 },
      outputs: outputs.map((_, index) => first + index),
      updates: (definition.updates ?? []).map((position) => ids[position]!),
      instance: { op, attributes: attributes as Attributes, inputs: given, outputs },
    });
  }
  const last = parts.at(-1)!;
  const written = parts.flatMap(({ outputs }) => outputs);
  const between = (id: number): boolean => parts.some((part) => part.inputs.includes(id));
  const read = [...new Set(parts.flatMap((part) => part.inputs))].filter((id) => !written.includes(id));
  const group: PlanOp & { readonly instance: OpInstance } = {
    ...{ op: fused!, attributes: {}, label: "test", flops: 0, bytes: 0, updates: [], parts },
    inputs: read,
    outputs: written.filter((id) => !between(id) && !unread.includes(id)),
    instance: {
      ...{ op: fused!, attributes: {} },
      inputs: read.map((id) => specs[id]!),
      outputs: written.map((id) => specs[id]!),
      parts: parts.map(({ instance }) => instance),
    },
  };
  const run = fused ? [group] : parts;
  for (const { instance } of run) {
    const answer = backend.supports(instance);
    if (answer !== true) {
      throw new Error(answer);
    }
  }
  const hidden = fused ? written.filter((id) => between(id) || unread.includes(id)) : [];
  const values: PlanValue[] = specs.map((spec, id) => ({
    ...{ ...spec, id, label: `v${id}`, byteOffset: 0 },
    ...(hidden.includes(id) ? {} : { buffer: `v${id}` }),
  }));
  const workspaces = run.map(({ instance }) => backend.workspaceBytes?.(instance) ?? 0);
  const planned = run.map(({ instance: _, ...op }, index): PlanOp => {
    const bytes = workspaces[index]!;
    if (bytes === 0) {
      return op;
    }
    values.push({
      ...{ id: values.length, label: "w", shape: [bytes], dtype: "uint8" },
      buffer: "arena",
      byteOffset: 0,
    });
    return { ...op, workspace: values.length - 1 };
  });
  const buffered = values.filter(({ buffer }) => buffer !== undefined && buffer !== "arena");
  const arenaBytes = Math.max(256, ...workspaces);
  const plan: Plan = {
    ...{ mode: "test", batchSize: 1, values, ops: planned, arenaBytes, results: [] },
    buffers: Object.fromEntries(
      buffered.map((value) => [value.buffer!, { dtype: value.dtype, length: sizeOf(value.shape) }]),
    ),
  };
  const all = { ...plan.buffers, arena: { dtype: "uint8", length: arenaBytes } as const };
  const buffers = Object.fromEntries(
    Object.entries(all).map(([name, spec]) => [name, backend.createBuffer(name, spec)]),
  );
  inputs.forEach((input, id) => {
    buffers[`v${id}`]!.write(numbers(input, id + 1));
  });
  // What a kernel leaves out shows.
  for (const { id, buffer, dtype } of buffered.slice(inputs.length)) {
    if (dtype === "float32") {
      buffers[buffer!]!.write(new Float32Array(bytesOf(values[id]!) / 4).fill(Number.NaN));
    }
  }
  const executable = await backend.compile(plan, buffers);
  await executable.run({ count: 1, bytes: new Uint8Array(stepBytes) });
  const wanted = last.outputs.length > 0 ? last.outputs : last.updates;
  const results = await Promise.all(wanted.map((id) => buffers[`v${id}`]!.read()));
  executable.dispose();
  for (const buffer of Object.values(buffers)) {
    buffer.dispose();
  }
  return results;
}

/** Sums of uniform numbers from a linear congruential generator (Numerical Recipes, 1992). */
function numbers({ shape, scale = 1, offset = 0 }: TestInput, seed: number): Float32Array<ArrayBuffer> {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from(
    { length: sizeOf(shape) },
    () => offset + scale * 2 * (uniform() + uniform() + uniform() - 1.5),
  );
}
