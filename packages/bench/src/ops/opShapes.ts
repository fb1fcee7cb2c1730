import type { Plan, PlanOp } from "@convoy/core/backend";

/** "64x13x13x32, 3x3x32x64 -> 64x11x11x64" */
export function opShapes({ inputs, outputs }: PlanOp, plan: Plan): string {
  const shapes = (ids: readonly number[]): string =>
    ids.map((id) => plan.values.find((value) => value.id === id)!.shape.join("x")).join(", ");
  return outputs.length === 0 ? shapes(inputs) : `${shapes(inputs)} -> ${shapes(outputs)}`;
}

/** Two ops of one key do the same work on tensors of the same shapes. */
export function opKey(op: PlanOp, plan: Plan): string {
  const { attributes, parts = [] } = op;
  return JSON.stringify([op.op, attributes, opShapes(op, plan), parts.map((part) => opKey(part, plan))]);
}
