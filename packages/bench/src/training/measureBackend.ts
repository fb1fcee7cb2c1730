import type { Backend } from "@convoy/core";
import type { BenchResult, Figures } from "../report/result.js";
import { median } from "./percentile.js";
import { TrainingClock } from "./trainingClock.js";
import { buildModel, countOf, describeWorkload, type Workload } from "./workload.js";

/** Maximum number of evaluations, */
const maxEvaluations = 5;
/** and how long they may take in all. */
const evaluationBudgetMs = 2000;

/** How a measurement shows where it stands. */
export interface Display {
  readonly print: (line: string) => void;
  /** 1: with the progress bars of `fit` and `evaluate`. */
  readonly verbose: 0 | 1;
}

/** Trains and evaluates on one backend. Rejects with whatever goes wrong. */
export async function measureBackend(
  backend: Backend,
  workload: Workload,
  { print, verbose }: Display,
): Promise<BenchResult> {
  const { train, test, epochs, batchSize, seed } = workload;
  const model = buildModel(workload);
  try {
    model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
    const clock = new TrainingClock(() => model.compileMs);
    await model.fit(train.images, train.labels, { epochs, batchSize, seed, verbose, callbacks: [clock] });
    const compileMs = model.compileMs;
    print("Test");
    const evaluation = await timedEvaluations(async (time) => {
      const compiledBefore = model.compileMs;
      const start = performance.now();
      const { accuracy } = await model.evaluate(test.images, test.labels, {
        batchSize,
        verbose: time === 0 ? verbose : 0,
      });
      const durationMs = performance.now() - start - (model.compileMs - compiledBefore);
      return { accuracy: accuracy as number, usPerSample: (durationMs * 1000) / countOf(test) };
    });
    const { losses, trainUsPerSample, stepMs, firstStepMs } = clock.figures();
    return {
      backend: backend.name,
      available: true,
      device: backend.device.name,
      ...describeWorkload(workload),
      testAccuracy: evaluation.testAccuracy,
      losses,
      trainUsPerSample,
      stepMs,
      evaluateUsPerSample: evaluation.evaluateUsPerSample,
      compileMs,
      firstStepMs,
      peakMemoryBytes: backend.memory().peakBytes,
    };
  } finally {
    model.dispose();
  }
}

/** One evaluation of all test images. */
export interface Evaluation {
  readonly accuracy: number;
  readonly usPerSample: number;
}

/**
 * Evaluates several times where that is quick; the first time counts only if there is no other.
 * @param evaluate called with the number of earlier calls
 */
export async function timedEvaluations(
  evaluate: (time: number) => Promise<Evaluation>,
): Promise<Pick<Figures, "testAccuracy" | "evaluateUsPerSample">> {
  const start = performance.now();
  const first = await evaluate(0);
  const later: number[] = [];
  while (later.length < maxEvaluations && performance.now() - start < evaluationBudgetMs) {
    later.push((await evaluate(later.length + 1)).usPerSample);
  }
  return { testAccuracy: first.accuracy, evaluateUsPerSample: median(later.length > 0 ? later : [first.usPerSample]) };
}
