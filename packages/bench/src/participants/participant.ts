import type { BenchResult, Figures } from "../report/result.js";

/** How long something trains: so many passes over the training images, or until the time is over, whichever comes first. */
export interface TrainingGoal {
  readonly epochs: number;
  /** Milliseconds of steps after the first; absent: no limit. At least one step is always done. */
  readonly timeLimitMs?: number;
  /** Most samples, whole batches of them; absent: all of every epoch. */
  readonly samples?: number;
}

/** How far training has come. */
export interface TrainingProgress {
  readonly samplesSeen: number;
  readonly loss: number;
}

/** What training measured. */
export type TrainingFigures = Pick<
  Figures,
  "losses" | "trainUsPerSample" | "stepMs" | "compileMs" | "firstStepMs" | "dataMs" | "readbackMs"
> &
  Pick<BenchResult, "samplesSeen"> & { readonly reason?: string };

/** What an evaluation measured. */
export type EvaluationFigures = Pick<Figures, "testAccuracy" | "testSamples" | "evaluateUsPerSample">;

/**
 * A backend or another library with the network on it, at its first weights. All are given the same images in the same order, so
 * that steps of the same number have seen the same.
 */
export interface Participant {
  /** The name that a backend gives itself, or that of the peer. */
  readonly name: string;
  /** What it runs on. */
  readonly device: string;
  /** What the backend tells of its device; empty for peers. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
  /** Whether it is known to be slow: the reference, a GPU emulated on the processor. */
  readonly slow: boolean;

  /** Trains from the first weights; once. */
  train(goal: TrainingGoal, onProgress?: (progress: TrainingProgress) => void): Promise<TrainingFigures>;
  /** Evaluates the test images, as many as take about `budgetMs`. */
  evaluate(budgetMs: number): Promise<EvaluationFigures>;
  /** Goes on training on so many samples, whole batches of them. Milliseconds of the steps alone. */
  trainMore(samples: number): Promise<number>;
  /** Goes on training for about `budgetMs`, at least for a step. Microseconds per sample. */
  timeTraining(budgetMs: number): Promise<number>;
  /** The ops of a training step, in order; empty for peers. */
  opNames(): Promise<readonly string[]>;
  /** Microseconds of an op, measured for about so many milliseconds. */
  timeOp(name: string, budgetMs: number): Promise<number>;
  /** What a training step consists of: FLOPs, launches, bytes; empty for peers. */
  counts(): Promise<Readonly<Record<string, number>>>;
  /** Most memory in use so far; null where that is unknown. */
  peakMemoryBytes(): Promise<number | null>;
  /** Frees everything. */
  close(): Promise<void>;
}

/** How many of `available` images take about `budgetMs`, whole batches of them, at `usPerSample`; at least one batch. */
export function samplesWithin(budgetMs: number, usPerSample: number, batchSize: number, available: number): number {
  const fitting = Math.floor((budgetMs * 1000) / usPerSample / batchSize) * batchSize;
  return Math.min(available, Math.max(batchSize, fitting));
}
