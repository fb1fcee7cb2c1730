import type { OpInstance, Plan, PlanOp, PlanValue } from "@convoy/core/backend";
import { opEncoders } from "../ops/index.js";
import { kernels } from "./kernels.js";
import { type OpCall, type Operand, OpWriter } from "./opWriter.js";
import type { Phase } from "./phase.js";

/** A plan as the interpreter in `assembly/program.ts` reads it. */
export interface Program {
  readonly words: Uint32Array<ArrayBuffer>;
  /** Scratch memory that each thread needs. */
  readonly scratchBytes: number;
  /** Numbers that a step reports. */
  readonly resultCount: number;
}

const kernelNumbers: ReadonlyMap<string, number> = new Map(Object.keys(kernels).map((name, index) => [name, index]));

/**
 * Writes a plan as a program. `addressOf` gives the address of a buffer by its name; `onOp` is called after each op.
 */
export function encodePlan(plan: Plan, addressOf: (buffer: string) => number, onOp?: (done: number) => void): Program {
  const values = new Map(plan.values.map((value) => [value.id, value]));
  const addressOfValue = ({ buffer, byteOffset }: PlanValue): number =>
    buffer === undefined ? 0 : addressOf(buffer) + byteOffset;
  const operand = (id: number): Operand => {
    const value = values.get(id)!;
    return { shape: value.shape, dtype: value.dtype, id, address: addressOfValue(value) };
  };
  const call = ({ op, attributes, inputs, outputs, parts }: PlanOp): OpCall => ({
    op,
    attributes,
    inputs: inputs.map(operand),
    outputs: outputs.map(operand),
    parts: (parts ?? []).map(call),
  });

  const stages: Phase[][] = [];
  let scratchBytes = 0;
  plan.ops.forEach((op, index) => {
    const writer = new OpWriter(op.workspace === undefined ? 0 : addressOfValue(values.get(op.workspace)!));
    opEncoders[op.op](call(op), writer);
    stages.push(...writer.stages);
    scratchBytes = Math.max(scratchBytes, writer.scratchBytes);
    onOp?.(index + 1);
  });
  addResults(plan, stages, (id) => addressOfValue(values.get(id)!));
  return { words: programWords(stages, plan.results.length), scratchBytes, resultCount: plan.results.length };
}

/** What an op needs beside its operands; asked for before anything has an address. */
export function workspaceOf(op: OpInstance): number {
  const call = ({ op: name, attributes, inputs, outputs, parts }: OpInstance): OpCall => ({
    op: name,
    attributes,
    inputs: inputs.map((spec) => ({ ...spec, address: 0, id: undefined })),
    outputs: outputs.map((spec) => ({ ...spec, address: 0, id: undefined })),
    parts: (parts ?? []).map(call),
  });
  const writer = new OpWriter(0);
  opEncoders[op.op](call(op), writer);
  return writer.workspaceBytes;
}

/** The copy of the reported scalars runs beside the last op, unless that is what makes them. */
function addResults(plan: Plan, stages: Phase[][], address: (id: number) => number): void {
  if (plan.results.length === 0) {
    return;
  }
  const copy: Phase = { kernel: "storeResults", tasks: 1, words: plan.results.map((id) => address(id) >>> 0) };
  const last = plan.ops[plan.ops.length - 1];
  const written = (op: PlanOp): readonly number[] => [
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

/** Stages as groups of phases: the layout stands in `assembly/program.ts`. */
export function programWords(stages: readonly (readonly Phase[])[], resultCount: number): Uint32Array<ArrayBuffer> {
  const words = [stages.length, resultCount];
  for (const phases of stages) {
    const group: number[] = [];
    let tasks = 0;
    for (const phase of phases) {
      tasks += phase.tasks;
      group.push(kernelNumbers.get(phase.kernel)!, tasks, phase.words.length * 4, ...phase.words);
    }
    words.push(phases.length, tasks, group.length * 4, ...group);
  }
  return Uint32Array.from(words);
}
