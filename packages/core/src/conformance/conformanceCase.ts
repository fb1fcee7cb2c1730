import type { Backend } from "../backend/index.js";

/**
 * How much a case asks of a backend: single promises of the contract, one op, whole training steps, or a training that
 * has to reach its accuracy.
 */
export type Level = "smoke" | "ops" | "step" | "curve";

export const levels: readonly Level[] = ["smoke", "ops", "step", "curve"];

/** One thing that a backend has to do right. */
export interface ConformanceCase {
  readonly level: Level;
  /** The row of the matrix: an op, or what is tried. */
  readonly op: string;
  /** Unique: `<op>: <what differs>`. */
  readonly name: string;
  /** Why this backend is expected to fail it. Then `run` resolves when it fails and throws `UnexpectedPass` when it passes. */
  readonly skipReason?: string;
  /** Throws `ConformanceFailure` with the op, the case, the place, both numbers and the tolerance. Leaves nothing behind. */
  run(backend: Backend): Promise<void>;
}
