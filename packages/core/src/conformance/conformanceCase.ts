import type { Backend } from "../backend/index.js";
import { UnsupportedCase } from "./failure.js";

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
  /**
   * Throws `ConformanceFailure` with the op, the case, the place, both numbers and the tolerance, and `UnsupportedCase` where
   * it takes an op that is among the backend's `unsupportedOps`. Leaves nothing behind.
   */
  run(backend: Backend): Promise<void>;
}

/**
 * Runs a case as a test of a test runner: throws what `run` throws, but hands an op that the backend has no kernel for to
 * `skip`, with the backend's reason.
 */
export async function runCase(
  candidate: ConformanceCase,
  backend: Backend,
  skip: (reason: string) => void,
): Promise<void> {
  try {
    await candidate.run(backend);
  } catch (error) {
    if (!(error instanceof UnsupportedCase)) {
      throw error;
    }
    skip(error.reason);
  }
}
