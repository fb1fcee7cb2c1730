import type { Progress, Training } from "@convoy/core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TrainingClock } from "./trainingClock.js";

const training = { batchSize: 10 } as Training;

function progress(stepsDone: number, samplesDone: number, durationMs: number, losses: readonly number[]): Progress {
  return { epoch: 0, stepsDone, samplesDone, durationMs, waitedMs: 0, stepLosses: losses, logs: {} };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

it("leaves out the first step and compilation, and takes the median of the epochs", () => {
  let compileMs = 0;
  const clock = new TrainingClock(() => compileMs);
  const after = (ms: number, tell: () => void): void => {
    vi.advanceTimersByTime(ms);
    tell();
  };
  after(5, () => clock.onEpochBegin());
  compileMs = 20;
  after(50, () => clock.onProgress(progress(1, 10, 30, [3]), training));
  after(8, () => clock.onProgress(progress(5, 50, 8, [2.9, 2.8, 2.7, 2.6]), training));
  // The tail batch has a plan of its own, compiled for 7 ms.
  compileMs = 27;
  after(8, () => clock.onProgress(progress(6, 55, 1, [2.5]), training));
  clock.onEpochEnd();
  for (const ms of [11, 33]) {
    clock.onEpochBegin();
    after(ms, () => clock.onProgress(progress(6, 55, 4, [1, 1, 1, 1, 1, 1]), training));
    clock.onEpochEnd();
  }
  const { trainUsPerSample, stepMs, firstStepMs, losses } = clock.figures();
  expect(firstStepMs).toBe(55);
  // (8 + 8 - 7) ms for 45 samples, 11 ms for 55, 33 ms for 55
  expect(trainUsPerSample).toBeCloseTo(200, 9);
  expect(stepMs).toEqual({ p50: 2, p95: 2 });
  expect(losses).toEqual([3, 2.9, 2.8, 2.7, 2.6, 2.5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
});

it("keeps the first 20 losses", () => {
  const clock = new TrainingClock(() => 0);
  clock.onEpochBegin();
  clock.onProgress(progress(1, 10, 1, [0]), training);
  const rest = Array.from({ length: 30 }, (_, step) => step + 1);
  clock.onProgress(progress(31, 310, 30, rest), training);
  expect(clock.figures().losses).toEqual(Array.from({ length: 20 }, (_, step) => step));
});

it("measures a training of one step by that step", () => {
  const clock = new TrainingClock(() => 0);
  clock.onEpochBegin();
  clock.onProgress(progress(1, 10, 4, [2.3]), training);
  clock.onEpochEnd();
  expect(clock.figures()).toMatchObject({ trainUsPerSample: 400, stepMs: { p50: 4, p95: 4 }, losses: [2.3] });
});

it("knows nothing before the first step", () => {
  expect(new TrainingClock(() => 0).figures()).toEqual({
    losses: [],
    trainUsPerSample: null,
    stepMs: { p50: null, p95: null },
    firstStepMs: null,
  });
});
