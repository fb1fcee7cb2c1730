import type { BenchResult } from "../report/result.js";

/** A row of a report as a backend gives it, for tests. */
export function someRow(change: Partial<BenchResult> = {}): BenchResult {
  return {
    backend: "wasm",
    available: true,
    device: "AMD EPYC 9654 96-Core Processor, 2 threads",
    details: { variant: "relaxed" },
    model: "tutorial",
    dataset: "mnist",
    seed: 0,
    batchSize: 64,
    threads: null,
    trainSamples: 60_000,
    samplesSeen: 59_968,
    testAccuracy: 0.98765,
    testSamples: 10_000,
    losses: [2.3, 2.2],
    trainUsPerSample: 86.1234,
    stepMs: { p50: 5.5123, p95: 6.1 },
    evaluateUsPerSample: 36.1,
    compileMs: 12.3,
    firstStepMs: 45.6,
    dataMs: 25.1,
    readbackMs: 0.31,
    peakMemoryBytes: 67_123_456,
    rounds: { count: 7, trainUsPerSample: { low: 85.2, high: 88.4 }, evaluateUsPerSample: { low: 30, high: 41 } },
    verdict: { lossesAgree: true, accuracyReached: true },
    ...change,
  };
}
