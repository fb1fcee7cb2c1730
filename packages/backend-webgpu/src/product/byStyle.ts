import { type Dispatch, withAlternatives } from "../wgsl/dispatch.js";
import type { KernelTarget } from "../wgsl/target.js";

/** The kernels of one style for a spec, in order of preference. */
type Variants<S> = (spec: S, target: KernelTarget) => Iterable<Dispatch>;

/**
 * The dispatch for a spec that has tiled and register kernels. On GPUs tuning tries a register kernel, too; a software adapter
 * never gains from workgroup memory.
 */
export function byStyle<S>(spec: S, target: KernelTarget, tiled: Variants<S>, registers: Variants<S>): Dispatch {
  const variants = target.style === "tiled" ? onGpu(spec, target, tiled, registers) : registers(spec, target);
  if (target.pickVariant) {
    const [first, ...others] = variants;
    return target.pickVariant([first!, ...others]);
  }
  return withAlternatives(variants, target.tunes);
}

function* onGpu<S>(spec: S, target: KernelTarget, tiled: Variants<S>, registers: Variants<S>): Iterable<Dispatch> {
  yield* tiled(spec, target);
  const [simple] = registers(spec, target);
  yield simple!;
}
