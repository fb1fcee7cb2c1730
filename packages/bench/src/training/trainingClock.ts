import type { Callback, Progress, Training } from "@convoy/core";
import { type Figures, lossesKept } from "../report/result.js";
import { median, percentile, type Weighted } from "./percentile.js";

/** The figures that come from watching steps. */
export type StepFigures = Pick<Figures, "losses" | "trainUsPerSample" | "stepMs" | "firstStepMs">;

/**
 * Watches a `fit` and times it. The results of several steps arrive together, so a step's duration is the mean over those
 * that it arrived with. It does not slow training down: it asks for no call between steps.
 */
export class TrainingClock implements Callback {
  readonly #compileMs: () => number;
  readonly #begin: number;
  readonly #losses: number[] = [];
  readonly #steps: Weighted[] = [];
  readonly #epochUsPerSample: number[] = [];
  #firstStepMs: number | null = null;
  #firstStepOnly: Weighted | undefined;
  /** Where the measured part of the epoch began. */
  #from: { at: number; compileMs: number; samples: number } = { at: 0, compileMs: 0, samples: 0 };
  #epochUs: number | null = null;

  /**
   * Starts the clock: call `fit` at once.
   * @param compileMs what the model has spent on compiling so far, which is not training time
   */
  constructor(compileMs: () => number) {
    this.#compileMs = compileMs;
    this.#begin = performance.now();
  }

  onEpochBegin(): void {
    this.#from = { at: performance.now(), compileMs: this.#compileMs(), samples: 0 };
    this.#epochUs = null;
  }

  onProgress({ stepLosses, durationMs, samplesDone, stepsDone }: Progress, { batchSize }: Training): void {
    const now = performance.now();
    const compileMs = this.#compileMs();
    const count = stepLosses.length;
    this.#losses.push(...stepLosses.slice(0, Math.max(0, lossesKept - this.#losses.length)));
    if (this.#firstStepMs === null) {
      // `fit` waits for one step alone before it runs several together.
      this.#firstStepMs = now - this.#begin;
      this.#firstStepOnly = { value: durationMs / count, weight: samplesDone / count };
      this.#from = { at: now, compileMs, samples: samplesDone };
      return;
    }
    const samples = samplesDone - this.#from.samples;
    this.#epochUs = ((now - this.#from.at - (compileMs - this.#from.compileMs)) * 1000) / samples;
    if (samplesDone === stepsDone * batchSize) {
      this.#steps.push({ value: durationMs / count, weight: count });
    }
  }

  onEpochEnd(): void {
    if (this.#epochUs !== null) {
      this.#epochUsPerSample.push(this.#epochUs);
    }
  }

  /** What was measured. Of a training of one step, that step. */
  figures(): StepFigures {
    const first = this.#firstStepOnly;
    const onlyStep = first === undefined ? [] : [first];
    const steps = this.#steps.length > 0 ? this.#steps : onlyStep;
    const epochs =
      this.#epochUsPerSample.length > 0
        ? this.#epochUsPerSample
        : onlyStep.map(({ value, weight }) => (value * 1000) / weight);
    return {
      losses: this.#losses,
      trainUsPerSample: median(epochs),
      stepMs: { p50: percentile(steps, 0.5), p95: percentile(steps, 0.95) },
      firstStepMs: this.#firstStepMs,
    };
  }
}
