import type { Backend, Callback, Model, Progress, Training } from "@convoy/core";
import { countsOf, OpClock, trainingPlan } from "../ops/opClock.js";
import { TrainingClock } from "../training/trainingClock.js";
import { buildModel, countOf, firstImages, imagesFrom, type Workload } from "../training/workload.js";
import {
  type EvaluationFigures,
  type Participant,
  samplesWithin,
  type TrainingFigures,
  type TrainingGoal,
  type TrainingProgress,
} from "./participant.js";

/** Batches that training goes on with while it is timed: the data need not be uploaded whole for that. */
const timedBatches = 128;

/** A backend as a participant, with the workload's network on it. The participant disposes of the backend. */
export class BackendParticipant implements Participant {
  readonly name: string;
  readonly device: string;
  readonly details: Participant["details"];
  readonly slow: boolean;
  readonly #backend: Backend;
  readonly #workload: Workload;
  readonly #model: Model;
  #evaluationUs: number | undefined;
  /** Training image that `trainMore` begins with. */
  #next = 0;
  #ops: OpClock | undefined;

  constructor(backend: Backend, workload: Workload) {
    this.name = backend.name;
    this.device = backend.device.name;
    this.details = backend.device.details;
    this.slow = backend.name === "reference" || backend.device.details.software === true;
    this.#backend = backend;
    this.#workload = workload;
    this.#model = buildModel(workload);
    this.#model.compile({
      backend,
      optimizer: "adam",
      loss: "sparseCategoricalCrossentropy",
      metrics: ["accuracy"],
    });
  }

  async train(
    { epochs, timeLimitMs, samples = Infinity }: TrainingGoal,
    onProgress: (progress: TrainingProgress) => void = () => undefined,
  ): Promise<TrainingFigures> {
    const { batchSize, seed } = this.#workload;
    const train = firstImages(this.#workload.train, samples);
    const model = this.#model;
    const clock = new TrainingClock(() => model.compileMs);
    const watch = new Watch(timeLimitMs, onProgress);
    const options = { epochs, batchSize, seed, shuffle: false, verbose: 0, callbacks: [clock, watch] } as const;
    await model.fit(train.images, train.labels, options);
    this.#next = watch.samplesSeen;
    const compileMs = model.compileMs;
    const start = performance.now();
    await model.getWeights();
    const readbackMs = performance.now() - start;
    const figures = clock.figures();
    const { firstStepMs, stepMs } = figures;
    const dataMs =
      firstStepMs === null || stepMs.p50 === null ? null : Math.max(0, firstStepMs - compileMs - stepMs.p50);
    return { ...figures, compileMs, dataMs, readbackMs, samplesSeen: watch.samplesSeen };
  }

  async evaluate(budgetMs: number): Promise<EvaluationFigures> {
    const { test, batchSize } = this.#workload;
    if (this.#evaluationUs === undefined) {
      // Compiles, which is not part of the figure, and tells how many images the time is enough for.
      await this.#evaluateFirst(batchSize);
      this.#evaluationUs = (await this.#evaluateFirst(batchSize)).usPerSample;
    }
    const samples = samplesWithin(budgetMs, this.#evaluationUs, batchSize, countOf(test));
    const { accuracy, usPerSample } = await this.#evaluateFirst(samples);
    this.#evaluationUs = usPerSample;
    return { testAccuracy: accuracy, testSamples: samples, evaluateUsPerSample: usPerSample };
  }

  async trainMore(samples: number): Promise<number> {
    const { train, batchSize, seed } = this.#workload;
    const all = countOf(train);
    const first = this.#next >= all ? 0 : this.#next;
    const part = imagesFrom(train, first, Math.min(samples, all - first));
    const clock = new TrainingClock(() => this.#model.compileMs);
    await this.#model.fit(part.images, part.labels, {
      ...{ epochs: 1, batchSize, seed, shuffle: false, verbose: 0, callbacks: [clock] },
    });
    this.#next = first + countOf(part);
    return ((clock.figures().trainUsPerSample as number) * countOf(part)) / 1000;
  }

  async timeTraining(budgetMs: number): Promise<number> {
    const { train, batchSize, seed } = this.#workload;
    const { images, labels } = firstImages(train, timedBatches * batchSize);
    const clock = new TrainingClock(() => this.#model.compileMs);
    const callbacks = [clock, new Watch(budgetMs)];
    await this.#model.fit(images, labels, { epochs: 1000, batchSize, seed, shuffle: false, verbose: 0, callbacks });
    return clock.figures().trainUsPerSample as number;
  }

  async opNames(): Promise<readonly string[]> {
    return (await this.#clock()).names;
  }

  async timeOp(name: string, budgetMs: number): Promise<number> {
    return await (await this.#clock()).time(name, budgetMs);
  }

  async counts(): Promise<Readonly<Record<string, number>>> {
    return countsOf(this.#backend, trainingPlan(this.#model, this.#workload.batchSize));
  }

  async peakMemoryBytes(): Promise<number> {
    return this.#backend.memory().peakBytes;
  }

  async close(): Promise<void> {
    this.#ops?.dispose();
    this.#model.dispose();
    await this.#backend.dispose();
  }

  async #clock(): Promise<OpClock> {
    const { train, batchSize } = this.#workload;
    this.#ops ??= await OpClock.prepare(this.#backend, this.#model, firstImages(train, batchSize));
    return this.#ops;
  }

  async #evaluateFirst(samples: number): Promise<{ accuracy: number; usPerSample: number }> {
    const { test, batchSize } = this.#workload;
    const part = firstImages(test, samples);
    const compiledBefore = this.#model.compileMs;
    const start = performance.now();
    const { accuracy } = await this.#model.evaluate(part.images, part.labels, { batchSize, verbose: 0 });
    const durationMs = performance.now() - start - (this.#model.compileMs - compiledBefore);
    return { accuracy: accuracy as number, usPerSample: (durationMs * 1000) / countOf(part) };
  }
}

/** Ends a `fit` when its time is over, and tells how far it has come. */
class Watch implements Callback {
  samplesSeen = 0;
  readonly #limitMs: number;
  readonly #onProgress: (progress: TrainingProgress) => void;
  #begin: number | undefined;
  #earlierEpochs = 0;

  constructor(limitMs = Infinity, onProgress: (progress: TrainingProgress) => void = () => undefined) {
    this.#limitMs = limitMs;
    this.#onProgress = onProgress;
  }

  onEpochBegin(): void {
    this.#earlierEpochs = this.samplesSeen;
  }

  onProgress({ samplesDone, stepLosses }: Progress, training: Training): void {
    const now = performance.now();
    // The first step is alone, and its compilation is no training time.
    this.#begin ??= now;
    this.samplesSeen = this.#earlierEpochs + samplesDone;
    this.#onProgress({ samplesSeen: this.samplesSeen, loss: stepLosses.at(-1) ?? Number.NaN });
    if (now - this.#begin >= this.#limitMs) {
      training.stop();
    }
  }
}
