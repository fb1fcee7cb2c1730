import { bytesOf, sizeOf } from "../../ops/definition.js";
import type { Plan, PlanOp, PlanValue } from "../../plan/index.js";

/**
 * The same plan with a buffer of its own for every tensor that shared the arena, so that what each op reads is still there
 * when the step has ended and every op can be run again by itself. Only workspaces stay in the arena.
 */
export function isolatePlan(plan: Plan): Plan {
  const values = new Map(plan.values.map((value) => [value.id, value]));
  const buffers = new Map(Object.entries(plan.buffers));
  /** The buffer of what was written last at a place: a reshape reads it under another id. */
  const holders = new Map<string, string>();
  const moved = new Map<number, PlanValue>();
  let arenaBytes = 0;
  const move = (id: number, written: boolean): void => {
    const value = values.get(id)!;
    if (value.buffer !== "arena" || moved.has(id)) {
      return;
    }
    const place = `${value.byteOffset}/${bytesOf(value)}`;
    const buffer = (written ? undefined : holders.get(place)) ?? `value${id}`;
    if (!buffers.has(buffer)) {
      buffers.set(buffer, { dtype: value.dtype, length: sizeOf(value.shape) });
    }
    holders.set(place, buffer);
    moved.set(id, { ...value, buffer, byteOffset: 0 });
  };
  for (const op of plan.ops) {
    for (const id of [...op.inputs, ...op.updates]) {
      move(id, false);
    }
    for (const id of op.outputs) {
      move(id, true);
    }
    if (op.workspace !== undefined) {
      const value = values.get(op.workspace)!;
      arenaBytes = Math.max(arenaBytes, bytesOf(value));
      moved.set(value.id, { ...value, byteOffset: 0 });
    }
  }
  return {
    ...plan,
    values: plan.values.map((value) => moved.get(value.id) ?? value),
    buffers: Object.fromEntries(buffers),
    arenaBytes,
  };
}

/** A plan without the workspaces that it was lowered with, for ops that are run on another backend. */
export function withoutWorkspaces(plan: Plan): Plan {
  const workspaces = new Set(plan.ops.map(({ workspace }) => workspace));
  return {
    ...plan,
    values: plan.values.filter(({ id }) => !workspaces.has(id)),
    ops: plan.ops.map(({ workspace, ...op }) => op),
  };
}

/** A plan of some ops of an isolated plan, in their order, over the same buffers. */
export function planOfOps(plan: Plan, ops: readonly PlanOp[]): Plan {
  const ids = new Set(
    ops
      .flatMap((op) => [op, ...(op.parts ?? [])])
      .flatMap(({ inputs, outputs, updates, workspace }) => [
        ...inputs,
        ...outputs,
        ...updates,
        ...(workspace === undefined ? [] : [workspace]),
      ]),
  );
  const values = plan.values.filter(({ id }) => ids.has(id));
  const names = new Set(values.map(({ buffer }) => buffer));
  return {
    mode: "test",
    batchSize: plan.batchSize,
    values,
    ops,
    buffers: Object.fromEntries(Object.entries(plan.buffers).filter(([name]) => names.has(name))),
    arenaBytes: ops.some(({ workspace }) => workspace !== undefined) ? plan.arenaBytes : 0,
    results: [],
  };
}

/** An isolated plan with the parts of its fused ops one by one, and with memory for what only the parts use. */
export function unfusePlan(plan: Plan): Plan {
  const inside = plan.values.filter(({ buffer }) => buffer === undefined);
  const placed = new Map(inside.map((value) => [value.id, { ...value, buffer: `value${value.id}`, byteOffset: 0 }]));
  return {
    ...plan,
    values: plan.values.map((value) => placed.get(value.id) ?? value),
    ops: plan.ops.flatMap((op) => op.parts ?? [op]),
    buffers: {
      ...plan.buffers,
      ...Object.fromEntries(inside.map(({ id, dtype, shape }) => [`value${id}`, { dtype, length: sizeOf(shape) }])),
    },
  };
}
