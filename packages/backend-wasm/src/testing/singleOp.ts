import {
  type Backend,
  type OpAttributes,
  type OpInstance,
  type OpName,
  ops,
  type Plan,
  type Shape,
  sizeOf,
  stepBytes,
  stepLayout,
  type TensorSpec,
} from "@convoy/core/backend";

/** An op with the shapes of its inputs. */
export type SingleOp = {
  readonly [N in OpName]: {
    readonly op: Exclude<N, "reshape">;
    readonly attributes: OpAttributes[N];
    readonly shapes: readonly Shape[];
    /** What inputs of whole numbers hold, by name. */
    readonly words?: Readonly<Record<string, readonly number[]>>;
  };
}[Exclude<OpName, "reshape">];

interface Tensor extends TensorSpec {
  readonly name: string;
}

/** Numbers behind each tensor that must stay as they are. */
const guard = 16;
const guardValue = -77;

/** Inputs of whole numbers. */
const integers = ["counts", "transforms", "boxes", "partners"];

function tensorsOf({ op, attributes, shapes }: SingleOp): { inputs: Tensor[]; outputs: Tensor[] } {
  const definition = ops[op];
  const inputs = shapes.map((shape, index): Tensor => {
    const name = definition.inputs[Math.min(index, definition.inputs.length - 1)]!;
    return { name: `${name} ${index}`, shape, dtype: integers.includes(name) ? "int32" : "float32" };
  });
  const outputs = definition.inferOutputs(inputs, attributes as never);
  return { inputs, outputs: outputs.map((spec, index) => ({ ...spec, name: definition.outputs[index]! })) };
}

/** Numbers from -1 to 1 without a pattern; the first input is around 3, variances and second moments are above 0. */
function contentOf(
  { name, shape, dtype }: Tensor,
  index: number,
  words?: readonly number[],
): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
  if (words !== undefined) {
    return Int32Array.of(...words, ...Array<number>(guard).fill(guardValue));
  }
  const offset = /variance|accumulator|second/i.test(name) ? 1.5 : index === 0 ? 3 : 0;
  const content = new Float32Array(sizeOf(shape) + guard).fill(guardValue);
  for (let i = 0; i < content.length - guard; i++) {
    const wave = Math.sin(i * 12.9898 + index) * 43758.5453;
    content[i] = 2 * (wave - Math.floor(wave)) - 1 + offset;
  }
  return dtype === "int32" ? Int32Array.from(content) : content;
}

function planOf({ op, attributes }: SingleOp, inputs: Tensor[], outputs: Tensor[], workspaceBytes: number): Plan {
  const tensors = [...inputs, ...outputs];
  const ids = tensors.map((_, id) => id);
  const values = tensors.map(({ name, shape, dtype }, id) => {
    return { id, label: name, shape, dtype, buffer: name, byteOffset: 0 };
  });
  const workspace = { id: ids.length, label: "workspace", shape: [workspaceBytes], dtype: "uint8" as const };
  return {
    mode: "test",
    batchSize: 1,
    values: [...values, ...(workspaceBytes > 0 ? [{ ...workspace, buffer: "arena", byteOffset: 0 }] : [])],
    ops: [
      {
        op,
        attributes: { ...attributes },
        inputs: ids.slice(0, inputs.length),
        outputs: ids.slice(inputs.length),
        updates: (ops[op].updates ?? []).filter((position) => position < inputs.length),
        label: "",
        flops: 0,
        bytes: 0,
        ...(workspaceBytes > 0 ? { workspace: ids.length } : {}),
      },
    ],
    buffers: Object.fromEntries(
      tensors.map(({ name, shape, dtype }) => [name, { dtype, length: sizeOf(shape) + guard }]),
    ),
    arenaBytes: Math.max(workspaceBytes, 256),
    results: [],
  };
}

/** The row of a step in which every value counts. */
function stepRow(): Uint8Array<ArrayBuffer> {
  const row = new DataView(new ArrayBuffer(stepBytes));
  row.setUint32(stepLayout.iteration * 4, 12, true);
  row.setUint32(stepLayout.seedLow * 4, 34, true);
  row.setFloat32(stepLayout.learningRate * 4, 0.01, true);
  row.setFloat32(stepLayout.stepSize * 4, 0.02, true);
  row.setFloat32(stepLayout.gradientStep * 4, 0.03, true);
  row.setFloat32(stepLayout.secondMomentScale * 4, 1.5, true);
  return new Uint8Array(row.buffer);
}

/** Runs an op once; what each of its tensors holds then. Throws where something behind a tensor was written. */
export async function runSingleOp(backend: Backend, single: SingleOp): Promise<Map<string, Float64Array>> {
  const { inputs, outputs } = tensorsOf(single);
  const { op, attributes } = single;
  const instance: OpInstance = { op, attributes: { ...attributes }, inputs, outputs };
  const plan = planOf(single, inputs, outputs, backend.workspaceBytes?.(instance) ?? 0);
  const buffers = Object.fromEntries(
    Object.entries(plan.buffers).map(([name, spec]) => [name, backend.createBuffer(name, spec)]),
  );
  const arena = backend.createBuffer("arena", { dtype: "uint8", length: plan.arenaBytes });
  const executable = await backend.compile(plan, { ...buffers, arena });
  try {
    inputs.forEach((tensor, index) => {
      buffers[tensor.name]!.write(contentOf(tensor, index, single.words?.[tensor.name.split(" ")[0]!]));
    });
    for (const { name, shape } of outputs) {
      buffers[name]!.write(new Float32Array(sizeOf(shape) + guard).fill(guardValue));
    }
    arena.write(new Uint8Array(plan.arenaBytes).fill(0xff));
    await executable.run({ count: 1, bytes: stepRow() });
    const contents = new Map<string, Float64Array>();
    for (const { name, shape } of [...inputs, ...outputs]) {
      const content = (await buffers[name]!.read()) as Float32Array | Int32Array;
      if (content.subarray(-guard).some((value) => value !== guardValue)) {
        throw new Error(`${op}: wrote behind ${name}`);
      }
      contents.set(name, Float64Array.from(content.subarray(0, sizeOf(shape))));
    }
    return contents;
  } finally {
    executable.dispose();
    for (const buffer of [...Object.values(buffers), arena]) {
      buffer.dispose();
    }
  }
}
