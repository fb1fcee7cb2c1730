import type { Machine } from "../machine.js";

/** Version of the JSON that `bench --json` writes. */
export const schemaVersion = 2;

/** What `bench --json` writes. */
export interface BenchReport {
  readonly schema: typeof schemaVersion;
  /** When it was measured: "2026-11-25T03:06:36.000Z". */
  readonly date: string;
  readonly machine: Machine;
  /** Backends, in the order in which they ran: a row for each seed, batch size and number of threads. */
  readonly results: readonly BenchResult[];
  /** Other libraries on the same data in the same run; absent unless asked for with `--peers`. */
  readonly peers?: readonly BenchResult[];
}

/** What was measured. A figure that could not be measured is null; the row's `reason` then says why. */
export interface Figures {
  /** Share of the test images classified right after training, 0 to 1. */
  readonly testAccuracy: number | null;
  /** Test images that this was measured on: all, or as many as a slow device can do in time. */
  readonly testSamples: number;
  /** Loss of each of the first steps, 20 at most. */
  readonly losses: readonly number[];
  /**
   * Microseconds per training sample, without the first step, compilation and evaluation. With rounds, the median over them;
   * else the median over the epochs, of a library that is called step by step over the steps.
   */
  readonly trainUsPerSample: number | null;
  /**
   * Milliseconds per training step of a whole batch, without the first step. Steps whose results arrive together each count
   * with their mean duration.
   */
  readonly stepMs: { readonly p50: number | null; readonly p95: number | null };
  /** Microseconds per evaluated sample, at the same batch size, without compilation. With rounds, the median over them. */
  readonly evaluateUsPerSample: number | null;
  /** Milliseconds spent on making and compiling the plans of training. */
  readonly compileMs: number | null;
  /** Milliseconds from calling `fit` to the results of its first step: checks, upload of the data, compilation, the step. */
  readonly firstStepMs: number | null;
  /** Milliseconds of the first step that are neither compilation nor a step: checks and upload of the data. */
  readonly dataMs: number | null;
  /** Milliseconds to read all weights back to the host. */
  readonly readbackMs: number | null;
  /**
   * Peak memory in bytes. Of a backend: what it allocated on its device, data included. Of a peer: growth of the process
   * beyond the data.
   */
  readonly peakMemoryBytes: number | null;
}

/** The 95% confidence interval of a median over rounds. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Rounds in which everything that took part trained and evaluated in turns, so that a disturbance touches all. */
export interface Rounds {
  readonly count: number;
  readonly trainUsPerSample: Interval | null;
  readonly evaluateUsPerSample: Interval | null;
}

/** Whether the numbers are right. */
export interface Verdict {
  /** Null where there is nothing to compare with. */
  readonly lossesAgree: boolean | null;
  /** Null where no accuracy is stated for the network and data set. */
  readonly accuracyReached: boolean | null;
  /** What is wrong; absent where nothing is. */
  readonly reason?: string;
  /** Why an accuracy that was measured is not judged. */
  readonly accuracyNotJudged?: string;
}

/** How long it took to get to an accuracy on the test images. */
export interface TimeToAccuracy {
  readonly target: number;
  /** Whether it got there. */
  readonly reached: boolean;
  readonly samplesSeen: number;
  /** Seconds from opening the backend on, without evaluations. */
  readonly coldSeconds: number;
  /** Seconds of training alone: no opening, no compilation, no upload. */
  readonly warmSeconds: number;
  /** Accuracy after each stretch of training, with the seconds of training until then. */
  readonly curve: readonly { readonly seconds: number; readonly samplesSeen: number; readonly accuracy: number }[];
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
  /** What the backend tells of its device: variant and why, driver, adapter. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
  readonly model: string;
  readonly dataset: string;
  readonly seed: number;
  readonly batchSize: number;
  /** Threads asked for; null: its default. */
  readonly threads: number | null;
  /** Samples per epoch. */
  readonly trainSamples: number;
  /** Samples that it was trained on, all epochs together, when its accuracy was measured. */
  readonly samplesSeen: number;
  readonly rounds: Rounds | null;
  readonly verdict: Verdict | null;
  readonly timeToAccuracy?: TimeToAccuracy;
}

/** The figures of something that did not run. */
export const nothingMeasured: Figures & Pick<BenchResult, "samplesSeen" | "rounds" | "verdict"> = {
  testAccuracy: null,
  testSamples: 0,
  losses: [],
  trainUsPerSample: null,
  stepMs: { p50: null, p95: null },
  evaluateUsPerSample: null,
  compileMs: null,
  firstStepMs: null,
  dataMs: null,
  readbackMs: null,
  peakMemoryBytes: null,
  samplesSeen: 0,
  rounds: null,
  verdict: null,
};

/** Maximum number of losses in a row. */
export const lossesKept = 20;
