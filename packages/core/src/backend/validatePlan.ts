import { PlanError } from "../errors.js";
import { bytesOf, dtypeBytes } from "../ops/definition.js";
import { alignmentBytes } from "../plan/memory.js";
import type { Plan, PlanOp, PlanValue } from "../plan/plan.js";

/**
 * Checks a plan against its own rules and throws `PlanError` at the first one that it breaks: every id is known and has
 * memory, every value lies inside its buffer and aligned, nothing in the arena is read before it is written, and no two
 * values that are needed at the same time overlap. A defect found here is Convoy's, never the user's.
 */
export function validatePlan(plan: Plan): void {
  const values = new Map(plan.values.map((value) => [value.id, value]));
  for (const value of plan.values) {
    checkPlace(plan, value);
  }
  const content = new ArenaContent(plan.ops);
  plan.ops.forEach((op, step) => {
    const where = `plan: op ${step} (${op.op}, ${op.label})`;
    for (const id of [
      ...op.inputs,
      ...op.outputs,
      ...op.updates,
      ...(op.workspace === undefined ? [] : [op.workspace]),
    ]) {
      if (!values.has(id)) {
        throw new PlanError(`${where} names value ${id}, which the plan does not have`);
      }
      if (values.get(id)!.buffer === undefined) {
        throw new PlanError(`${where} needs ${values.get(id)!.label}, which has no memory`);
      }
    }
    checkOp(op, values, content, where);
  });
  for (const id of plan.results) {
    const value = values.get(id);
    if (value === undefined || (value.buffer === "arena" && !content.holds(value))) {
      throw new PlanError(`plan: result ${id} is not there when the step ends`);
    }
  }
}

function checkPlace(plan: Plan, value: PlanValue): void {
  if (value.buffer === undefined) {
    return;
  }
  const buffer = plan.buffers[value.buffer];
  const capacity = value.buffer === "arena" ? plan.arenaBytes : buffer && buffer.length * dtypeBytes[buffer.dtype];
  if (capacity === undefined) {
    throw new PlanError(`plan: value ${value.label} lies in buffer "${value.buffer}", which the plan does not have`);
  }
  if (value.byteOffset + bytesOf(value) > capacity || value.byteOffset % alignmentBytes !== 0) {
    throw new PlanError(
      `plan: value ${value.label} (${bytesOf(value)} bytes at ${value.byteOffset}) does not fit buffer "${value.buffer}" ` +
        `(${capacity} bytes, alignment ${alignmentBytes})`,
    );
  }
}

function checkOp(op: PlanOp, values: ReadonlyMap<number, PlanValue>, content: ArenaContent, where: string): void {
  for (const id of op.inputs) {
    const value = values.get(id)!;
    if (value.buffer === "arena" && !content.holds(value)) {
      throw new PlanError(`${where} reads ${value.label}, whose memory holds something else by then`);
    }
  }
  const written = [...op.outputs, ...(op.workspace === undefined ? [] : [op.workspace])].map((id) => values.get(id)!);
  for (const value of written.filter(({ buffer }) => buffer === "arena")) {
    for (const id of op.inputs) {
      const input = values.get(id)!;
      if (input.buffer === "arena" && overlap(value, input) && !isInPlace(op, input, value)) {
        throw new PlanError(`${where} writes ${value.label} over its own input ${input.label}`);
      }
    }
    if (written.some((other) => other !== value && other.buffer === "arena" && overlap(value, other))) {
      throw new PlanError(`${where} writes two values to one place`);
    }
  }
  for (const value of written.filter(({ buffer }) => buffer === "arena")) {
    content.write(value);
  }
}

/** Whether an op says that it writes this output exactly where this input lies. */
function isInPlace({ inPlace = [] }: PlanOp, input: PlanValue, output: PlanValue): boolean {
  return (
    input.byteOffset === output.byteOffset &&
    bytesOf(input) === bytesOf(output) &&
    inPlace.some((pair) => pair.input === input.id && pair.output === output.id)
  );
}

function overlap(a: PlanValue, b: PlanValue): boolean {
  return a.byteOffset < b.byteOffset + bytesOf(b) && b.byteOffset < a.byteOffset + bytesOf(a);
}

/** Which values are whole in the arena. */
class ArenaContent {
  #whole: PlanValue[] = [];
  /** Ids that some op writes. The others are reshapes: second names for what an op wrote. */
  readonly #written: ReadonlySet<number>;
  /** The tensors that reshapes were found to be, by id. */
  readonly #named = new Map<number, PlanValue>();

  constructor(ops: readonly PlanOp[]) {
    this.#written = new Set(ops.flatMap(({ outputs }) => outputs));
  }

  write(value: PlanValue): void {
    this.#whole = [...this.#whole.filter((other) => !overlap(other, value)), value];
  }

  holds(value: PlanValue): boolean {
    const here = this.#whole.find(
      (other) => other.byteOffset === value.byteOffset && bytesOf(other) === bytesOf(value),
    );
    if (here === undefined || here.id === value.id || this.#written.has(value.id)) {
      return here?.id === value.id;
    }
    const named = this.#named.get(value.id) ?? here;
    this.#named.set(value.id, named);
    return named === here;
  }
}
