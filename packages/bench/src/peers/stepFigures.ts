import { lossesKept } from "../report/result.js";
import { median, percentile } from "../training/percentile.js";
import type { StepFigures } from "../training/trainingClock.js";

/** The part of a workload that is done. */
export interface Portion {
  readonly batchSize: number;
  readonly steps: number;
  readonly testSamples: number;
}

/** The figures of steps of which each was timed; the first counts only if there is no other. */
export function stepFigures(losses: readonly number[], durationsMs: readonly number[], batchSize: number): StepFigures {
  const steady = durationsMs.length > 1 ? durationsMs.slice(1) : durationsMs;
  const weighted = steady.map((value) => ({ value, weight: 1 }));
  const stepMs = median(steady);
  return {
    losses: losses.slice(0, lossesKept),
    trainUsPerSample: stepMs === null ? null : (stepMs * 1000) / batchSize,
    stepMs: { p50: percentile(weighted, 0.5), p95: percentile(weighted, 0.95) },
    firstStepMs: durationsMs[0] ?? null,
  };
}
