import type { OpsReport } from "../report/opResult.js";
import { type BenchReport, nothingMeasured, schemaVersion } from "../report/result.js";
import { someRow } from "./rows.js";

const machine = {
  cpu: "AMD EPYC <9654>",
  cores: 2,
  quota: null,
  memoryBytes: 24 * 2 ** 30,
  platform: "linux-x64",
  runtime: "Node 24.1.0, V8 13.6",
  flags: [],
};
const date = "2026-11-25T03:06:36.000Z";
const losses = (from: number, rate: number): number[] => Array.from({ length: 20 }, (_, step) => from * rate ** step);

/** A training report with everything in it that one can have, for tests. */
export function someReport(): BenchReport {
  const backends = [16, 32, 64].flatMap((batchSize) => [
    someRow({
      ...{ batchSize, losses: losses(2.31, 0.97), trainUsPerSample: 120 - batchSize / 2 },
      timeToAccuracy: {
        ...{ target: 0.99, reached: true, samplesSeen: 15_000, coldSeconds: 2.5, warmSeconds: 1.9 },
        curve: [0.5, 0.9, 0.97, 0.99].map((accuracy, index) => ({
          seconds: index * 0.6,
          samplesSeen: 5000 * index,
          accuracy,
        })),
      },
    }),
    someRow({
      backend: "reference",
      batchSize,
      device: "JavaScript, 1 thread",
      losses: losses(2.31, 0.97),
      trainUsPerSample: 3500,
      rounds: null,
    }),
  ]);
  const missing = { available: false, device: null, losses: [] };
  return {
    ...{ schema: schemaVersion, date, machine },
    results: [
      ...backends,
      someRow({
        ...nothingMeasured,
        ...missing,
        backend: "cuda",
        reason: "cuda: no NVIDIA driver. Install the driver",
      }),
    ],
    peers: [
      someRow({
        backend: "pytorch",
        device: "PyTorch 1.13 CPU, 2 threads, channels last",
        losses: losses(2.31, 0.96),
        trainUsPerSample: 360,
      }),
      someRow({
        ...nothingMeasured,
        ...{
          backend: "tfjs-wasm",
          evaluateUsPerSample: 236,
          losses: [],
          reason: "cannot train: Kernel 'Conv2DBackpropFilter' not registered",
        },
      }),
    ],
  };
}

/** A report of ops and of a grid. */
export function someOpsReport(): OpsReport {
  const cell = (size: number, gflops: number) =>
    ({
      direction: "forward",
      kernel: 3,
      stride: 1,
      channels: 64,
      filters: 64,
      size,
      batch: 8,
      medianUs: 10,
      gflops,
    }) as const;
  const op = { op: "conv2d", shapes: "64x13x13x32 -> 64x11x11x64", usedBy: ["simple train"], flops: 1e9, bytes: 1e6 };
  const measured = { medianUs: 1740, errorPercent: 1.2, gflops: 120, gigabytesPerSecond: 0.5 };
  return {
    ...{ schema: schemaVersion, date, machine, batchSize: 64 },
    backends: [
      {
        ...{ backend: "wasm", available: true, device: "AMD EPYC, 2 threads", peakGflops: 60 },
        ...{ ops: [{ ...op, ...measured }], grid: [cell(7, 6), cell(28, 45), cell(224, 150)] },
      },
    ],
  };
}
