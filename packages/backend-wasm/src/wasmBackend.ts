import type { Backend, Plan } from "@convoy/core/backend";

/**
 * The WASM backend, with what it has beyond the contract. Apart from its implementation, because what users import may not lead
 * to the names of WebAssembly: they are missing where a program compiles for Node without `lib` DOM.
 */
export interface WasmBackend extends Backend {
  readonly name: "wasm";

  /**
   * The program that a plan becomes, for people to read: its stages, each kernel with the number of its tasks, the op and the
   * layer that it comes from, and its arguments by name, addresses as buffer + bytes. `model.plan()` gives the plan.
   */
  formatProgram(plan: Plan): string;

  /**
   * GFLOP/s that all threads together reach on a matrix product that stays in registers and the first-level cache, the best
   * of `attempts` (default 10) measurements of about 20 ms: what the figures of every other kernel are compared with.
   */
  measurePeak(attempts?: number): Promise<number>;

  /** The same measurements with their spread: other work on the machine, or another clock, shows in it. */
  measurePeakSpread(attempts?: number): Promise<PeakMeasurement>;
}

/** GFLOP/s of several measurements of the peak. */
export interface PeakMeasurement {
  readonly best: number;
  readonly median: number;
  readonly worst: number;
}
