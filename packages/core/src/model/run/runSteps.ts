import { agreementOf, type Executable } from "../../backend/index.js";
import { packSteps, type StepValues } from "../../plan/index.js";

/** Steps of one batch size over consecutive rows. */
export interface Stretch {
  readonly firstRow: number;
  readonly batchSize: number;
  readonly count: number;
}

/** Results of steps that ran together. */
export interface StepsResult {
  /** The first of them, counted from 0 within the call. */
  readonly firstStep: number;
  readonly count: number;
  /** The plan's results, `results.length / count` numbers per step. */
  readonly results: Float32Array;
  /** Time between the arrival of the previous results and these. */
  readonly durationMs: number;
}

/** Steps that were started together. */
export interface StartedRun {
  /** The first of them, counted from 0 within the call. */
  readonly firstStep: number;
  readonly count: number;
  readonly results: Promise<Float32Array>;
}

/** Results arrive about this often, so a progress bar lives without slowing the device. */
const targetRunMs = 50;
/** Upper bound on the steps of one run, whatever their speed. */
const maxSteps = 512;

/**
 * Runs `count` steps in runs of about 50 ms, the next one started before the last has ended, and gives the results in order.
 * `values` gives a step's values when its run starts; `onStart` is told of every run that has started. Nothing runs any more once the loop over the results is left.
 */
export async function* runSteps(
  executable: Executable,
  count: number,
  values: (step: number) => StepValues,
  onStart: (run: StartedRun) => void = () => undefined,
): AsyncGenerator<StepsResult, void, undefined> {
  const pending: StartedRun[] = [];
  let next = 0;
  let size = 1;
  let arrived = performance.now();
  const start = (): void => {
    const steps = Math.min(size, count - next);
    const table = packSteps(Array.from({ length: steps }, (_, index) => values(next + index)));
    const results = executable.run(table);
    // A rejection is seen when its turn comes; until then it must not count as unhandled.
    results.catch(() => undefined);
    const run = { firstStep: next, count: steps, results };
    pending.push(run);
    next += steps;
    onStart(run);
  };
  try {
    while (next < count || pending.length > 0) {
      // The first runs are short and wait for each other, until it is known how long a step takes.
      while (next < count && pending.length < (size === 1 ? 1 : 2)) {
        start();
      }
      const run = pending.shift()!;
      const results = await run.results;
      const now = performance.now();
      // Processes that train together take as many steps at a time.
      const durationMs = agreementOf(results)?.durationMs ?? now - arrived;
      arrived = now;
      yield { firstStep: run.firstStep, count: run.count, results, durationMs };
      const fitting = Math.floor((targetRunMs * run.count) / Math.max(durationMs, 0.01));
      size = Math.max(1, Math.min(maxSteps, size * 2, fitting));
    }
  } finally {
    // The caller may free buffers next: nothing may run on them any more.
    await Promise.allSettled(pending.map((later) => later.results));
  }
}
