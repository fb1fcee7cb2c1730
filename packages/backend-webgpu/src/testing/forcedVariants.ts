import type { Backend } from "@convoy/core/backend";
import { openBackend, type WebGpuOptions } from "../webgpu.js";
import type { Dispatch } from "../wgsl/dispatch.js";

/** Opens backends with one variant of many forced on every product, whatever is estimated or measured of it. */
export interface ForcedVariants {
  open(options: WebGpuOptions): Promise<Backend>;
  /** The names of the variants that have been forced. */
  readonly taken: ReadonlySet<string>;
  /** From now on kernels with several variants take this one, counted around. */
  force(number: number): void;
}

interface ForcedOptions {
  readonly otherwise?: "fail" | "first";
  readonly change?: (code: string) => string;
}

/**
 * Products then have a variant for each tile that fits the device, then those with subgroups. `wanted` is asked which of the
 * variants count. Kernels that have none of these fail, or take their first variant where `otherwise` says so. `change` may
 * put other code in the place of a forced variant's.
 */
export function forcedVariants(
  wanted: (variant: string) => boolean,
  { otherwise = "fail", change = (code) => code }: ForcedOptions = {},
): ForcedVariants {
  let forced = 0;
  const taken = new Set<string>();
  const pickVariant = (variants: readonly [Dispatch, ...Dispatch[]]): Dispatch => {
    const choice = variants.filter(({ variant = "" }) => wanted(variant));
    const dispatch = choice[forced % choice.length];
    if (dispatch !== undefined) {
      taken.add(dispatch.variant!);
      return { ...dispatch, code: change(dispatch.code) };
    }
    if (otherwise === "fail") {
      const names = variants.map(({ variant }) => variant);
      throw new Error(`${variants[0].label} has none of the variants that are to be forced: ${names}`);
    }
    return variants[0];
  };
  return {
    open: (options) => openBackend(options, { pickVariant }),
    taken,
    force(number) {
      forced = number;
    },
  };
}
