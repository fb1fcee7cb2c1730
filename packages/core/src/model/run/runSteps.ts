import type { Executable } from "../../backend/index.js";
import { packSteps, type StepValues } from "../../plan/index.js";

/** Results of steps that ran together. */
export interface StepsResult {
  /** The first of them, counted from 0 within the call. */
  readonly firstStep: number;
  readonly count: number;
  /** The plan's results, `results.length / count` numbers a step. */
  readonly results: Float32Array;
  /** Time between the arrival of the previous results and these. */
  readonly durationMs: number;
}

/** How many steps run together. */
export interface Pace {
  /** One step a run, and nothing ahead: a callback wants to be called between steps. */
  readonly everyStep: boolean;
}

/** Results arrive about this often, so a progress bar lives without slowing the device. */
const targetRunMs = 50;
/** Most steps of one run, whatever their speed. */
const mostSteps = 512;

/**
 * Runs `count` steps in runs of about 50 ms, the next one started before the last has ended, and hands on the results in
 * order. `values` gives a step's values; `onResults` may return false to stop. Resolves when nothing runs any more.
 */
export async function runSteps(
  executable: Executable,
  count: number,
  values: (step: number) => StepValues,
  onResults: (result: StepsResult) => Promise<boolean> | boolean,
  { everyStep }: Pace,
): Promise<void> {
  const pending: { readonly firstStep: number; readonly count: number; readonly results: Promise<Float32Array> }[] = [];
  let next = 0;
  let size = 1;
  let arrived = performance.now();
  const start = (): void => {
    const steps = Math.min(size, count - next);
    const table = packSteps(Array.from({ length: steps }, (_, index) => values(next + index)));
    const results = executable.run(table);
    // A rejection is seen when its turn comes; until then it must not count as unhandled.
    results.catch(() => undefined);
    pending.push({ firstStep: next, count: steps, results });
    next += steps;
  };
  try {
    while (next < count || pending.length > 0) {
      while (next < count && pending.length < (everyStep || size === 1 ? 1 : 2)) {
        start();
      }
      const run = pending.shift()!;
      const results = await run.results;
      const now = performance.now();
      const durationMs = now - arrived;
      arrived = now;
      if (!(await onResults({ firstStep: run.firstStep, count: run.count, results, durationMs }))) {
        return;
      }
      if (!everyStep) {
        const fitting = Math.floor((targetRunMs * run.count) / Math.max(durationMs, 0.01));
        size = Math.max(1, Math.min(mostSteps, size * 2, fitting));
      }
    }
  } finally {
    // The caller may free buffers next: nothing may run on them any more.
    await Promise.allSettled(pending.map((later) => later.results));
  }
}
