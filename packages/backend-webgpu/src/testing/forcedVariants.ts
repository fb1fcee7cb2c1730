import { vi } from "vitest";
import type { webgpu } from "../index.js";
import type { Dispatch } from "../wgsl/dispatch.js";

/** The backend's entry point with one variant of many forced on every product, whatever is estimated or measured of it. */
export interface ForcedVariants {
  readonly webgpu: typeof webgpu;
  /** The names of the variants that have been forced. */
  readonly taken: ReadonlySet<string>;
  /** From now on kernels with several variants take number `variant`, counted around. */
  force(variant: number): void;
}

interface ForcedOptions {
  readonly otherwise?: "fail" | "first";
  readonly change?: (code: string) => string;
}

/**
 * Products then have a variant for each tile that fits the device, then those with subgroups. Of the modules that are loaded from
 * here on `wanted` is asked which of the variants count. Kernels that have none of these fail, or take their first variant where
 * `otherwise` says so. `change` may put other code in the place of a forced variant's.
 */
export async function forcedVariants(
  wanted: (variant: string) => boolean,
  { otherwise = "fail", change = (code) => code }: ForcedOptions = {},
): Promise<ForcedVariants> {
  let forced = 0;
  const taken = new Set<string>();
  vi.doMock(import("../product/tileEstimates.js"), async (original) => ({
    ...(await original()),
    tilesFor: (_product, candidates) => [...candidates],
  }));
  vi.doMock(import("../wgsl/dispatch.js"), async (original) => ({
    ...(await original()),
    withAlternatives(offered: Iterable<Dispatch>) {
      const variants = [...offered];
      const choice = variants.filter(({ variant = "" }) => wanted(variant));
      const dispatch = choice[forced % choice.length];
      if (dispatch !== undefined) {
        taken.add(dispatch.variant!);
        return { ...dispatch, code: change(dispatch.code) };
      }
      if (otherwise === "fail") {
        throw new Error(
          `${variants[0]!.label} has none of the variants that are to be forced: ${variants.map(({ variant }) => variant)}`,
        );
      }
      return variants[0]!;
    },
  }));
  const { webgpu: make } = await import("../index.js");
  return {
    webgpu: make,
    taken,
    force(variant) {
      forced = variant;
    },
  };
}
