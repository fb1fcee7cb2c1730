import {
  type BoundOp,
  bindPlan,
  kernelFor,
  type OpInstance,
  type Plan,
  type PlanValue,
  requireKernel,
} from "@convoy/core/backend";
import { kernels } from "../kernels/index.js";
import { callOf, type Kernel } from "../kernels/kernel.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import type { KernelTarget } from "../wgsl/target.js";

/** The kernel of an op, to be called with that op's attributes; undefined where there is none. */
export function kernelOf(op: OpInstance["op"]): Kernel | undefined {
  return kernelFor(kernels, op) as unknown as Kernel | undefined;
}

/** The launches of one step of a plan, in order. Throws `UnsupportedOpError` for an op without a kernel. */
export function planDispatches(plan: Plan, target: KernelTarget): Dispatch[] {
  return dispatchesByOp(plan, target).flatMap(({ dispatches }) => dispatches);
}

/** The same launches, op by op. */
export function dispatchesByOp(
  plan: Plan,
  target: KernelTarget,
): { readonly op: BoundOp<PlanValue>; readonly dispatches: readonly Dispatch[] }[] {
  return bindPlan("webgpu", plan, (value) => value).ops.map((op) => {
    const kernel = requireKernel("webgpu", kernels, op) as unknown as Kernel;
    return { op, dispatches: kernel.dispatches(callOf(op, target)) };
  });
}
