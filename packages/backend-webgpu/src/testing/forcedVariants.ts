import { vi } from "vitest";
import type { webgpu } from "../index.js";
import type { Dispatch } from "../wgsl/dispatch.js";

/** The backend's entry point with one way of many forced on every product, whatever is estimated or measured of it. */
export interface ForcedWays {
  readonly webgpu: typeof webgpu;
  /** The names of the ways that have been forced. */
  readonly taken: ReadonlySet<string>;
  /** From now on kernels with several ways take number `way`, counted around. */
  force(way: number): void;
}

interface ForcedOptions {
  readonly otherwise?: "fail" | "first";
  readonly change?: (code: string) => string;
}

/**
 * Products then have a way for each tile that fits the device, then those with subgroups. Of the modules that are loaded from
 * here on `wanted` is asked which of the ways count. Kernels that have none of these fail, or take their first way where
 * `otherwise` says so. `change` may put other code in the place of a forced way's.
 */
export async function forcedWays(
  wanted: (way: string) => boolean,
  { otherwise = "fail", change = (code) => code }: ForcedOptions = {},
): Promise<ForcedWays> {
  let forced = 0;
  const taken = new Set<string>();
  vi.doMock(import("../product/tileEstimates.js"), async (original) => ({
    ...(await original()),
    tilesFor: (_product, candidates) => [...candidates],
  }));
  vi.doMock(import("../wgsl/dispatch.js"), async (original) => ({
    ...(await original()),
    oneOf(offered: Iterable<Dispatch>) {
      const ways = [...offered];
      const choice = ways.filter(({ way = "" }) => wanted(way));
      const dispatch = choice[forced % choice.length];
      if (dispatch !== undefined) {
        taken.add(dispatch.way!);
        return { ...dispatch, code: change(dispatch.code) };
      }
      if (otherwise === "fail") {
        throw new Error(`${ways[0]!.label} has none of the ways that are to be forced: ${ways.map(({ way }) => way)}`);
      }
      return ways[0]!;
    },
  }));
  const { webgpu: make } = await import("../index.js");
  return {
    webgpu: make,
    taken,
    force(way) {
      forced = way;
    },
  };
}
