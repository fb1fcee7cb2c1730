/** The measure for every other kernel. */

import { gemmPanel } from "./gemmPanel";
import { PeakArgs } from "./generated/args";
import { scratch, zeros } from "./step";

/**
 * The register tile on operands that stay in the first-level cache: what this core can reach, and the measure for every
 * other kernel. 2 * 8 * 8 * 256 operations a repetition.
 */
export function peak(args: PeakArgs, _task: i32): void {
  const a = scratch();
  const b = a + 8 * 1024;
  const c = b + 8192;
  memory.fill(a, 0, 8 * 1024 + 8192 + 256);
  for (let i = 0; i < args.repetitions; i++) {
    gemmPanel(a, 1024, 8, 256, b, 32, c, 32, zeros(), f32x4.splat(-Infinity));
  }
}
