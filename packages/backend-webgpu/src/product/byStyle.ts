import { type Dispatch, oneOf } from "../wgsl/dispatch.js";
import type { KernelTarget } from "../wgsl/kernel.js";

/** The ways of one variant to compute a problem, by preference. */
type Variant<P> = (problem: P, target: KernelTarget) => Iterable<Dispatch>;

/**
 * The dispatch for a problem with tiled and register kernels. On GPUs tuning tries a register kernel, too; a software adapter
 * never gains by workgroup memory.
 */
export function byVariant<P>(problem: P, target: KernelTarget, tiled: Variant<P>, registers: Variant<P>): Dispatch {
  const ways = target.variant === "tiled" ? onGpu(problem, target, tiled, registers) : registers(problem, target);
  return oneOf(ways, target.tunes);
}

function* onGpu<P>(problem: P, target: KernelTarget, tiled: Variant<P>, registers: Variant<P>): Iterable<Dispatch> {
  yield* tiled(problem, target);
  const [simple] = registers(problem, target);
  yield simple!;
}
