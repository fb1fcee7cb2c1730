import {
  type Attributes,
  noKernel,
  type OpInstance,
  type Plan,
  PlanError,
  type PlanOp,
  type PlanValue,
  UnsupportedOpError,
} from "@convoy/core/backend";
import { kernels } from "../kernels/index.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import type { Kernel, KernelCall, KernelTarget } from "../wgsl/kernel.js";

/** The kernel of an op; undefined for a name that this backend does not know. */
export function kernelOf(op: OpInstance["op"]): Kernel | undefined {
  return Object.hasOwn(kernels, op) ? (kernels[op] as unknown as Kernel<Attributes>) : undefined;
}

/** The launches of one step of a plan, in order. */
export function planDispatches(plan: Plan, target: KernelTarget): Dispatch[] {
  const values = new Map(plan.values.map((value) => [value.id, value]));
  return plan.ops.flatMap((op) => {
    const kernel = kernelOf(op.op);
    if (kernel === undefined) {
      const reason = noKernel("webgpu", op.op);
      throw new UnsupportedOpError(`${reason} (${op.label}); use another backend`, { op: op.op, reason });
    }
    return kernel.dispatches(kernelCall(op, values, target));
  });
}

function kernelCall(op: PlanOp, values: ReadonlyMap<number, PlanValue>, target: KernelTarget): KernelCall {
  const tensor = (id: number): PlanValue => {
    const value = values.get(id);
    if (value === undefined) {
      throw new PlanError(`webgpu: ${op.op} (${op.label}) names value ${id}, which the plan does not have`);
    }
    return value;
  };
  return {
    op: op.op,
    label: op.label ? `${op.op} (${op.label})` : op.op,
    attributes: op.attributes,
    inputs: op.inputs.map(tensor),
    outputs: op.outputs.map(tensor),
    ...(op.workspace === undefined ? {} : { workspace: tensor(op.workspace) }),
    parts: (op.parts ?? []).map((part) => kernelCall(part, values, target)),
    target,
  };
}
