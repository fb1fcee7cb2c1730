import {
  type Backend,
  type BoundOp,
  bindPlan,
  type DeviceBuffer,
  type Executable,
  opInstance,
} from "../../backend/index.js";
import { dtypeBytes, sizeOf } from "../../ops/definition.js";
import {
  type OpInstance,
  type Plan,
  type PlanOp,
  type PlanValue,
  type StepTable,
  typedArrays,
} from "../../plan/index.js";
import type { TensorData } from "../../tensor.js";
import { planOfOps } from "./isolatePlan.js";

/** What the buffers of an isolated plan hold, by name. */
export type HostMemory = ReadonlyMap<string, TensorData>;

/** NaN as float32, -1 as int32: an element that a kernel leaves out shows. */
const garbage = 0xff;

/** A tensor's part of the memory. */
export function tensorIn(memory: HostMemory, { buffer, byteOffset, shape, dtype }: PlanValue): TensorData {
  const start = byteOffset / dtypeBytes[dtype];
  return memory.get(buffer!)!.subarray(start, start + sizeOf(shape));
}

/** Why the backend cannot run an op; undefined where it can. */
export function refusal(backend: Backend, plan: Plan, ops: readonly PlanOp[]): string | undefined {
  const refused = ops.map((op) => backend.supports(instanceOf(plan, op))).find((answer) => answer !== true);
  return refused as string | undefined;
}

/** What a plan left behind. */
export interface PlanOutcome {
  /** Of the plan's buffers, the arena left out. */
  readonly memory: HostMemory;
  /** The numbers that the step reports. */
  readonly results: Float32Array;
}

/**
 * Runs some ops of an isolated plan on a backend over copies of the memory and returns what the buffers that they use hold
 * afterwards. Frees all that it allocates.
 */
export async function runOps(
  backend: Backend,
  isolated: Plan,
  ops: readonly PlanOp[],
  memory: HostMemory,
  steps: StepTable,
): Promise<HostMemory> {
  const plan = withWorkspaces(backend, planOfOps(isolated, ops));
  return (await runPlan(backend, plan, prepared(plan, memory), steps)).memory;
}

/** Runs a plan on a backend, its buffers filled with these contents and its arena with garbage. Frees all that it allocates. */
export async function runPlan(
  backend: Backend,
  plan: Plan,
  contents: HostMemory,
  steps: StepTable,
): Promise<PlanOutcome> {
  const buffers: Record<string, DeviceBuffer> = {};
  let executable: Executable | undefined;
  try {
    for (const [name, spec] of Object.entries(plan.buffers)) {
      buffers[name] = backend.createBuffer(name, spec);
      buffers[name].write(contents.get(name)!);
    }
    const arenaBytes = Math.max(1, plan.arenaBytes);
    buffers.arena = backend.createBuffer("arena", { dtype: "uint8", length: arenaBytes });
    buffers.arena.write(new Uint8Array(arenaBytes).fill(garbage));
    executable = await backend.compile(plan, buffers);
    const results = await executable.run(steps);
    const memory = new Map<string, TensorData>();
    for (const [name, { dtype }] of Object.entries(plan.buffers)) {
      const content = await buffers[name]!.read();
      // A backend that keeps more digits hands on those of the plan's element type.
      memory.set(name, content instanceof typedArrays[dtype] ? content : typedArrays[dtype].from(content));
    }
    return { memory, results };
  } finally {
    executable?.dispose();
    for (const buffer of Object.values(buffers)) {
      buffer.dispose();
    }
  }
}

/** The buffers of a plan before it runs: what the memory holds, and garbage where the ops write without reading. */
function prepared(plan: Plan, memory: HostMemory): Map<string, TensorData> {
  const contents = new Map(
    Object.entries(plan.buffers).map(([name, { dtype, length }]) => [
      name,
      memory.get(name)?.slice() ?? new typedArrays[dtype](length),
    ]),
  );
  const values = new Map(plan.values.map((value) => [value.id, value]));
  for (const id of plan.ops.flatMap(({ outputs }) => outputs)) {
    const tensor = tensorIn(contents, values.get(id)!);
    new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength).fill(garbage);
  }
  return contents;
}

/** The plan with the scratch memory that the backend asks for; ops run one after the other and share it. */
function withWorkspaces(backend: Backend, plan: Plan): Plan {
  let nextId = Math.max(...plan.values.map(({ id }) => id)) + 1;
  let arenaBytes = plan.arenaBytes;
  const workspaces: PlanValue[] = [];
  const ops = plan.ops.map((op): PlanOp => {
    const bytes = backend.workspaceBytes?.(instanceOf(plan, op)) ?? 0;
    if (bytes === 0) {
      return op;
    }
    const id = nextId++;
    arenaBytes = Math.max(arenaBytes, bytes);
    workspaces.push({ id, label: "workspace", shape: [bytes], dtype: "uint8", buffer: "arena", byteOffset: 0 });
    return { ...op, workspace: id };
  });
  return { ...plan, values: [...plan.values, ...workspaces], ops, arenaBytes };
}

/** An op of a plan as a backend is asked about it. */
function instanceOf(plan: Plan, op: PlanOp): OpInstance {
  const [bound] = bindPlan("comparePlans", { ...plan, ops: [op] }, (value) => value).ops as [BoundOp<PlanValue>];
  return opInstance(bound);
}
