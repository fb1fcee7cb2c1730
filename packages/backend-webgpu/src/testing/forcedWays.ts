import { vi } from "vitest";
import type { Dispatch } from "../dispatch.js";
import type { webgpu } from "../index.js";

/** The backend's entry point with one way of many forced on every product, whatever is estimated or measured of it. */
export interface ForcedWays {
  readonly webgpu: typeof webgpu;
  /** From now on kernels with several ways take number `way`, counted around. */
  force(way: number): void;
}

/**
 * Products then have a way for each tile that fits the device, then those with subgroups. Of the modules that are loaded from
 * here on `wanted` is asked which of the ways count.
 */
export async function forcedWays(wanted: (way: string) => boolean = () => true): Promise<ForcedWays> {
  let forced = 0;
  vi.doMock(import("../kernels/tileEstimates.js"), async (original) => ({
    ...(await original()),
    tilesFor: (_product, candidates) => [...candidates],
  }));
  vi.doMock(import("../dispatch.js"), async (original) => ({
    ...(await original()),
    oneOf(ways: readonly Dispatch[]) {
      const choice = ways.filter(({ way = "" }) => wanted(way));
      return choice.length > 0 ? choice[forced % choice.length]! : ways[0]!;
    },
  }));
  const { webgpu: make } = await import("../index.js");
  return {
    webgpu: make,
    force(way) {
      forced = way;
    },
  };
}
