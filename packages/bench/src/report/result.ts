import type { Machine } from "../machine.js";

/** Version of the JSON that `bench --json` writes. */
export const schemaVersion = 1;

/** What `bench --json` writes. */
export interface BenchReport {
  readonly schema: typeof schemaVersion;
  readonly machine: Machine;
  /** One row per backend, in the order in which they ran. */
  readonly results: readonly BenchResult[];
  /** Other libraries on the same data in the same run; absent unless asked for with `--peers`. */
  readonly peers?: readonly BenchResult[];
}

/** What was measured. A figure that could not be measured is null; the row's `reason` then says why. */
export interface Figures {
  /** Share of the test images classified right after training, 0 to 1. */
  readonly testAccuracy: number | null;
  /** Loss of each of the first steps, 20 at most. */
  readonly losses: readonly number[];
  /**
   * Microseconds per training sample: the median over the epochs of an epoch's wall time divided by its samples. Excludes
   * the first step, compilation and evaluation; includes drawing and uploading the order of the samples.
   */
  readonly trainUsPerSample: number | null;
  /**
   * Milliseconds per training step of a whole batch, without the first step. Steps whose results arrive together each count
   * with their mean duration.
   */
  readonly stepMs: { readonly p50: number | null; readonly p95: number | null };
  /**
   * Microseconds per evaluated sample, at the same batch size: the median of up to five evaluations of all test images,
   * including the upload, excluding compilation and the first evaluation. Slow devices evaluate once, and that one counts.
   */
  readonly evaluateUsPerSample: number | null;
  /** Milliseconds spent on making and compiling the plans of training. */
  readonly compileMs: number | null;
  /** Milliseconds from calling `fit` to the results of its first step: checks, upload of the data, compilation, the step. */
  readonly firstStepMs: number | null;
  /**
   * Peak memory in bytes. Of a backend: what it allocated on its device, data included. Of a peer: growth of the process
   * beyond the data.
   */
  readonly peakMemoryBytes: number | null;
}

/** How one backend or peer did. */
export interface BenchResult extends Figures {
  /** "cuda", "webgpu", "wasm", "reference", the name of a third party's backend, or a peer's. */
  readonly backend: string;
  /** Whether it ran. */
  readonly available: boolean;
  /** Why it did not run, or why some figures are missing. */
  readonly reason?: string;
  /** What it ran on; null where that is unknown. */
  readonly device: string | null;
  readonly model: string;
  readonly dataset: string;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Samples per epoch. */
  readonly trainSamples: number;
}

/** The figures of something that did not run. */
export const nothingMeasured: Figures = {
  testAccuracy: null,
  losses: [],
  trainUsPerSample: null,
  stepMs: { p50: null, p95: null },
  evaluateUsPerSample: null,
  compileMs: null,
  firstStepMs: null,
  peakMemoryBytes: null,
};

/** Maximum number of losses in a row. */
export const lossesKept = 20;
