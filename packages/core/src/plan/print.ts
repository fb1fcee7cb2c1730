import { formatShape } from "../errors.js";
import { sizeOf } from "../ops/definition.js";
import type { Plan, PlanOp, PlanValue } from "./plan.js";

/**
 * A plan as a table: what runs, on which shapes, at which cost, where the results lie. `launches` is how many kernels a
 * backend launches for a step of it.
 */
export function formatPlan(plan: Plan, launches?: number): string {
  const values = new Map(plan.values.map((value) => [value.id, value]));
  const rows = plan.ops.map((op) => opRow(op, values));
  const header = ["#", "op", "layer", "output", "place", "MFLOP", "KB", "parts"];
  const numbered = rows.map((row, index) => [String(index), ...row]);
  const flops = plan.ops.reduce((sum, op) => sum + op.flops, 0);
  const bytes = plan.ops.reduce((sum, op) => sum + op.bytes, 0);
  const buffers = Object.entries(plan.buffers).map(([name, { dtype, length }]) => `${name} ${dtype}[${length}]`);
  return [
    `${plan.mode} plan, batch of ${plan.batchSize}: ${plan.ops.length} ops, ` +
      `${launches === undefined ? "" : `${launches} kernel launches, `}${mega(flops)} MFLOP, ` +
      `${kilo(bytes)} KB moved, arena ${kilo(plan.arenaBytes)} KB`,
    ...table([header, ...numbered]),
    `buffers: ${buffers.join(", ")}`,
  ].join("\n");
}

function opRow(op: PlanOp, values: ReadonlyMap<number, PlanValue>): string[] {
  const written = [...op.outputs, ...op.updates].map((id) => values.get(id)!);
  // Of a fused op the activations, not the statistics or sums beside them.
  const first = written.toSorted((a, b) => sizeOf(b.shape) - sizeOf(a.shape))[0];
  return [
    op.op,
    op.label,
    first ? formatShape(first.shape) : "-",
    first ? `${first.buffer ?? "-"}+${first.byteOffset}` : "-",
    mega(op.flops),
    kilo(op.bytes),
    op.parts?.map((part) => part.op).join(" + ") ?? "",
  ];
}

function mega(flops: number): string {
  return (flops / 1e6).toFixed(flops < 1e5 ? 4 : 2);
}

function kilo(bytes: number): string {
  return (bytes / 1024).toFixed(1);
}

/** Columns that hold numbers and stand right. */
const numeric = [5, 6];

/** Columns padded to their widest cell. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (numeric.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
}
