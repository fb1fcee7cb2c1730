import { bytesOf, type Plan, type PlanOp, type PlanValue } from "@convoy/core/backend";

/** A sum over ranks: of a value into another, which may be the same memory. */
export interface Reduction {
  readonly input: PlanValue;
  readonly output: PlanValue;
  readonly weight: number;
}

/** A part of a step. */
export type Stage =
  /** Ops that a backend runs by itself. */
  | { readonly kind: "run"; readonly ops: readonly PlanOp[] }
  /** Sums that begin together; they may be under way while the ops of later stages run. */
  | { readonly kind: "start"; readonly sums: readonly Reduction[]; readonly id: number }
  /** The sums of some `start` have to be there. */
  | { readonly kind: "finish"; readonly id: number };

/**
 * Cuts a step at its sums over ranks. Sums that follow each other begin together, and are waited for where an op first touches
 * memory that one of them reads or writes: what lies between is computed while they are under way.
 */
export function stagesOf(plan: Plan): Stage[] {
  const values = new Map(plan.values.map((value) => [value.id, value]));
  const stages: Stage[] = [];
  let open: { readonly id: number; readonly sums: readonly Reduction[] }[] = [];
  let ops: PlanOp[] = [];
  const endRun = (): void => {
    if (ops.length > 0) {
      stages.push({ kind: "run", ops });
      ops = [];
    }
  };
  const finish = (touched: readonly PlanValue[]): void => {
    for (const { id } of open.filter(({ sums }) => sums.some((sum) => touched.some((value) => meets(sum, value))))) {
      endRun();
      stages.push({ kind: "finish", id });
      open = open.filter((other) => other.id !== id);
    }
  };
  for (let position = 0; position < plan.ops.length; ) {
    const sums = reductionsFrom(plan.ops, position, values);
    if (sums.length > 0) {
      finish(sums.flatMap(({ input, output }) => [input, output]));
      endRun();
      const id = stages.length;
      stages.push({ kind: "start", sums, id });
      open.push({ id, sums });
      position += sums.length;
    } else {
      const op = plan.ops[position]!;
      finish(touchedBy(op).map((id) => values.get(id)!));
      ops.push(op);
      position++;
    }
  }
  endRun();
  return [...stages, ...open.map(({ id }) => ({ kind: "finish", id }) as const)];
}

/** The sums that stand one behind the other from a position on and do not read what another of them writes. */
function reductionsFrom(ops: readonly PlanOp[], from: number, values: ReadonlyMap<number, PlanValue>): Reduction[] {
  const found: Reduction[] = [];
  for (const { op, inputs, outputs, attributes } of ops.slice(from)) {
    const [input, output] = [values.get(inputs[0]!)!, values.get(outputs[0]!)!];
    if (op !== "allReduce" || found.some((sum) => meets(sum, input) || meets(sum, output))) {
      break;
    }
    found.push({ input, output, weight: attributes.weight as number });
  }
  return found;
}

function touchedBy({ inputs, outputs, updates, workspace }: PlanOp): number[] {
  return [...inputs, ...outputs, ...updates, ...(workspace === undefined ? [] : [workspace])];
}

function meets({ input, output }: Reduction, value: PlanValue): boolean {
  return overlap(input, value) || overlap(output, value);
}

function overlap(a: PlanValue, b: PlanValue): boolean {
  return (
    a.buffer !== undefined &&
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + bytesOf(b) &&
    b.byteOffset < a.byteOffset + bytesOf(a)
  );
}
