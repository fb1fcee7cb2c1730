import type { Plan } from "@convoy/core/backend";
import { callOf } from "../kernels/kernel.js";
import type { Binding } from "../wgsl/dispatch.js";
import { dispatchesByOp } from "./planDispatches.js";
import type { Runtime } from "./runtime.js";

/**
 * What a plan becomes, as a table: the dispatches of a step with their kernels, workgroups and bindings. Of a plan that has
 * been compiled it shows the variants that tuning took.
 */
export function formatProgram(plan: Plan, { target, selected }: Pick<Runtime, "target" | "selected">): string {
  const chosen = selected.get(plan);
  const rows: string[][] = [];
  for (const { op, dispatches } of dispatchesByOp(plan, target)) {
    const { label } = callOf(op, target);
    for (const offered of dispatches) {
      const dispatch = chosen?.[rows.length] ?? offered;
      rows.push([
        String(rows.length),
        op.op,
        op.label,
        // A kernel of several dispatches says what each is for behind op and layer.
        dispatch.label.replace(label, "").replace(/^, /, ""),
        dispatch.variant ?? "",
        dispatch.workgroups.join("x"),
        dispatch.bindings.map(formatBinding).join(", "),
      ]);
    }
  }
  const header = ["#", "op", "layer", "part", "variant", "workgroups", "bindings"];
  return [
    `${plan.mode} program, batch of ${plan.batchSize}: ${rows.length} dispatches a step for ${plan.ops.length} ops`,
    ...table([header, ...rows]),
  ].join("\n");
}

function formatBinding({ tensor, written }: Binding): string {
  return `${written ? "writes" : "reads"} ${tensor.label} ${tensor.buffer}+${tensor.byteOffset}`;
}

/** Columns padded to their widest cell. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
}
