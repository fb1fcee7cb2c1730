import { type Dispatch, oneOf } from "../dispatch.js";
import type { KernelTarget } from "../kernel.js";

/** The ways of one variant to compute a problem, the first of them by preference. */
type Variant<P> = (problem: P, target: KernelTarget) => readonly Dispatch[];

/**
 * The dispatch for a problem with tiled and register kernels. On GPUs tuning tries a register kernel, too; a software adapter
 * never gains by workgroup memory.
 */
export function byVariant<P>(problem: P, target: KernelTarget, tiled: Variant<P>, registers: Variant<P>): Dispatch {
  const simple = registers(problem, target);
  return oneOf(target.variant === "tiled" ? [...tiled(problem, target), simple[0]!] : simple);
}
