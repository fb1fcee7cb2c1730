import { lossesKept } from "../report/result.js";
import { median, percentile } from "../training/percentile.js";
import type { Workload } from "../training/workload.js";
import { countOf } from "../training/workload.js";
import {
  type EvaluationFigures,
  type Participant,
  samplesWithin,
  type TrainingFigures,
  type TrainingGoal,
  type TrainingProgress,
} from "./participant.js";

/** Steps that ran, in order. */
export interface TimedSteps {
  readonly losses: readonly number[];
  readonly durationsMs: readonly number[];
}

/** Images that were classified. */
export interface TimedEvaluation {
  /** Those whose label was the most probable. */
  readonly hits: number;
  readonly durationMs: number;
}

/** A library with the network on it: what it has to bring to take part. */
export interface StepLibrary {
  readonly device: string;
  /** Trains so many steps of a whole batch each, from the training image `first` on. Rejects with what the library says. */
  trainSteps(first: number, steps: number): Promise<TimedSteps>;
  /** Classifies the first `samples` test images, in batches. */
  evaluate(samples: number): Promise<TimedEvaluation>;
  /** Most memory in use so far beyond the data; null where that is unknown. */
  peakMemoryBytes?(): Promise<number | null>;
  dispose(): Promise<void>;
}

/** About how long steps run together: often enough for a progress line, seldom enough to cost nothing. */
const runMs = 250;

/** Takes part with a library that trains a number of steps at a time. */
export class StepParticipant implements Participant {
  readonly name: string;
  readonly device: string;
  readonly details = {};
  readonly slow = false;
  readonly #library: StepLibrary;
  readonly #batchSize: number;
  readonly #trainSamples: number;
  readonly #testSamples: number;
  /** Training image that the next step begins with. */
  #next = 0;
  #stepMs = 0;
  #evaluationUs: number | undefined;

  constructor(name: string, library: StepLibrary, { batchSize, train, test }: Workload) {
    this.name = name;
    this.device = library.device;
    this.#library = library;
    this.#batchSize = Math.min(batchSize, countOf(train));
    this.#trainSamples = countOf(train);
    this.#testSamples = countOf(test);
  }

  async train(
    { epochs, timeLimitMs = Infinity, samples = Infinity }: TrainingGoal,
    onProgress: (progress: TrainingProgress) => void = () => undefined,
  ): Promise<TrainingFigures> {
    const total = epochs * Math.max(1, Math.floor(Math.min(samples, this.#trainSamples) / this.#batchSize));
    const losses: number[] = [];
    const durationsMs: number[] = [];
    let spentMs = 0;
    while (losses.length < total && (losses.length === 0 || spentMs < timeLimitMs)) {
      const affordable = losses.length === 0 ? 1 : Math.min(runMs, timeLimitMs - spentMs) / this.#stepMs;
      const done = await this.#steps(Math.min(total - losses.length, Math.max(1, Math.floor(affordable))));
      // The first step builds things and is alone.
      spentMs += losses.length === 0 ? 0 : sum(done.durationsMs);
      losses.push(...done.losses);
      durationsMs.push(...done.durationsMs);
      onProgress({ samplesSeen: losses.length * this.#batchSize, loss: losses.at(-1) as number });
    }
    const steady = durationsMs.length > 1 ? durationsMs.slice(1) : durationsMs;
    const weighted = steady.map((value) => ({ value, weight: 1 }));
    return {
      losses: losses.slice(0, lossesKept),
      trainUsPerSample: ((median(steady) as number) * 1000) / this.#batchSize,
      stepMs: { p50: percentile(weighted, 0.5), p95: percentile(weighted, 0.95) },
      compileMs: null,
      firstStepMs: durationsMs[0] ?? null,
      dataMs: null,
      readbackMs: null,
      samplesSeen: losses.length * this.#batchSize,
    };
  }

  async evaluate(budgetMs: number): Promise<EvaluationFigures> {
    if (this.#evaluationUs === undefined) {
      // The first builds things.
      await this.#evaluateFirst(Math.min(this.#batchSize, this.#testSamples));
      await this.#evaluateFirst(Math.min(this.#batchSize, this.#testSamples));
    }
    const samples = samplesWithin(budgetMs, this.#evaluationUs as number, this.#batchSize, this.#testSamples);
    const hits = await this.#evaluateFirst(samples);
    return { testAccuracy: hits / samples, testSamples: samples, evaluateUsPerSample: this.#evaluationUs as number };
  }

  async trainMore(samples: number): Promise<number> {
    return sum((await this.#steps(Math.max(1, Math.floor(samples / this.#batchSize)))).durationsMs);
  }

  async timeTraining(budgetMs: number): Promise<number> {
    const { durationsMs } = await this.#steps(Math.max(1, Math.floor(budgetMs / Math.max(this.#stepMs, 0.01))));
    return ((median(durationsMs) as number) * 1000) / this.#batchSize;
  }

  async opNames(): Promise<readonly string[]> {
    return [];
  }

  async timeOp(name: string): Promise<number> {
    throw new Error(`${this.name} has no op ${name} that could be timed alone`);
  }

  async counts(): Promise<Readonly<Record<string, number>>> {
    return {};
  }

  async peakMemoryBytes(): Promise<number | null> {
    return (await this.#library.peakMemoryBytes?.()) ?? null;
  }

  close(): Promise<void> {
    return this.#library.dispose();
  }

  /** Runs steps, beginning anew where the images end. */
  async #steps(count: number): Promise<TimedSteps> {
    const losses: number[] = [];
    const durationsMs: number[] = [];
    while (losses.length < count) {
      const left = Math.floor((this.#trainSamples - this.#next) / this.#batchSize);
      const steps = Math.min(left, count - losses.length);
      const done = await this.#library.trainSteps(this.#next, steps);
      losses.push(...done.losses);
      durationsMs.push(...done.durationsMs);
      this.#next = steps === left ? 0 : this.#next + steps * this.#batchSize;
    }
    this.#stepMs = median(durationsMs) as number;
    return { losses, durationsMs };
  }

  async #evaluateFirst(samples: number): Promise<number> {
    const { hits, durationMs } = await this.#library.evaluate(samples);
    this.#evaluationUs = (durationMs * 1000) / samples;
    return hits;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}
