import {
  bindPlan,
  expectSupported,
  kernelFor,
  noKernel,
  type OpInstance,
  type Plan,
  type PlanValue,
  type TensorSpec,
} from "@convoy/core/backend";
import { takesGather } from "../kernels/fusedGatherRows.js";
import { kernels } from "../kernels/index.js";
import { kernelNumber } from "./kernelLayout.js";
import type { Argument, Launch } from "./launch.js";
import { type Operand, OpWriter, type WasmOp } from "./opWriter.js";

/** A launch with the op and the layer that it comes from. */
export interface OpLaunch extends Launch {
  readonly op: string;
  readonly label: string;
}

/** A plan as stages of launches: the launches of a stage may run at the same time. */
export interface Program {
  readonly stages: readonly (readonly OpLaunch[])[];
  /** Scratch memory that each thread needs. */
  readonly scratchBytes: number;
  /** Numbers that a step reports. */
  readonly resultCount: number;
  /** What a step takes on one thread, roughly. */
  readonly stepMicroseconds: number;
}

/** True, or the reason why an op cannot run here: any op with a kernel can, whatever its shapes. Of fused ops some forms cannot. */
export function supports(op: OpInstance): true | string {
  if (kernelFor(kernels, op.op) === undefined) {
    return noKernel("wasm", op.op);
  }
  return op.op === "fusedGatherRows" ? takesGather(op) : true;
}

/**
 * Writes a plan as a program. `addressOf` gives the address of a buffer by its name; `onOp` is called after each op. Throws
 * `UnsupportedOpError` for an op without kernel.
 */
export function encodePlan(plan: Plan, addressOf: (buffer: string) => number, onOp?: (done: number) => void): Program {
  const place = ({ shape, dtype, buffer, byteOffset }: PlanValue): Operand => ({
    shape,
    dtype,
    address: buffer === undefined ? 0 : addressOf(buffer) + byteOffset,
  });
  const { ops, tensors } = bindPlan("wasm", plan, place);
  expectSupported("wasm", ops, supports);

  const stages: OpLaunch[][] = [];
  let scratchBytes = 0;
  ops.forEach((op, index) => {
    const writer = new OpWriter(op.workspace?.address ?? 0);
    kernelFor(kernels, op.op)!(op, writer);
    stages.push(...writer.stages.map((launches) => launches.map((one) => ({ ...one, op: op.op, label: op.label }))));
    scratchBytes = Math.max(scratchBytes, writer.scratchBytes);
    onOp?.(index + 1);
  });
  addResults(plan, stages, (id) => tensors.get(id)!.address);
  return { stages, scratchBytes, resultCount: plan.results.length, stepMicroseconds: estimatedMicroseconds(plan) };
}

/** By rates that one core of a common machine reaches on the layers of small networks. */
function estimatedMicroseconds({ ops }: Plan): number {
  const [flopsPerMicrosecond, bytesPerMicrosecond] = [40_000, 10_000];
  return ops.reduce((sum, { flops, bytes }) => sum + flops / flopsPerMicrosecond + bytes / bytesPerMicrosecond, 0);
}

/** The workspace that an op needs; asked for before anything has an address. */
export function workspaceOf(op: OpInstance): number {
  const operand = (spec: TensorSpec): Operand => ({ ...spec, address: 0 });
  const bind = ({ inputs, outputs, parts, ...rest }: OpInstance): WasmOp => ({
    ...rest,
    inputs: inputs.map(operand),
    outputs: outputs.map(operand),
    ...(parts === undefined ? {} : { parts: parts.map(bind) }),
    updates: [],
    label: "",
  });
  const writer = new OpWriter(0);
  kernelFor(kernels, op.op)?.(bind(op), writer);
  return writer.workspaceBytes;
}

/** The copy of the reported numbers runs beside the last op, unless that is what makes them. */
function addResults(plan: Plan, stages: OpLaunch[][], address: (id: number) => number): void {
  if (plan.results.length === 0) {
    return;
  }
  const args = plan.results.map(
    (id, index): Argument => ({ name: `result${index}`, type: "address", value: address(id) }),
  );
  const copy: OpLaunch = { kernel: "storeResults", tasks: 1, args, op: "results", label: "loss and metrics" };
  const last = plan.ops[plan.ops.length - 1];
  const written = (op: Plan["ops"][number]): readonly number[] => [
    ...op.outputs,
    ...op.updates,
    ...(op.parts ?? []).flatMap(written),
  ];
  const lastStage = stages[stages.length - 1];
  if (last === undefined || lastStage === undefined || written(last).some((id) => plan.results.includes(id))) {
    stages.push([copy]);
  } else {
    lastStage.push(copy);
  }
}

const bits = new DataView(new ArrayBuffer(4));

function wordOf({ type, value }: Argument): number {
  if (type !== "f32") {
    return value >>> 0;
  }
  bits.setFloat32(0, value);
  return bits.getUint32(0);
}

/** Stages as words: the layout stands in `assembly/program.ts`. */
export function programWords(stages: readonly (readonly Launch[])[], resultCount: number): Uint32Array<ArrayBuffer> {
  const words = [stages.length, resultCount];
  for (const launches of stages) {
    const stage: number[] = [];
    let tasks = 0;
    for (const { kernel, tasks: own, args } of launches) {
      tasks += own;
      stage.push(kernelNumber(kernel), tasks, args.length * 4, ...args.map(wordOf));
    }
    words.push(launches.length, tasks, stage.length * 4, ...stage);
  }
  return Uint32Array.from(words);
}
