import { type Backend, BackendUnavailableError, DeviceError } from "@convoy/core";
import { syntheticDigits } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import { expect, it } from "vitest";
import { openBackend } from "../backends/backends.js";
import type { BenchResult } from "../report/result.js";
import { runTraining, type TrainingTools } from "./runTraining.js";
import type { TrainingRequest } from "./trainingRequest.js";

const request: TrainingRequest = {
  backends: ["reference"],
  peers: [],
  model: "simple",
  dataset: "synthetic",
  epochs: 2,
  batchSize: 8,
  trainSamples: 20,
  seed: 3,
};

/** Small data, and lines kept instead of printed. */
function tools(open: (name: string) => Promise<Backend> = () => reference()): TrainingTools & { lines: string[] } {
  const lines: string[] = [];
  const load: TrainingTools["load"] = async () => ({
    dataset: "synthetic",
    train: syntheticDigits({ samples: 40, seed: 6 }),
    test: syntheticDigits({ samples: 10, seed: 7 }),
  });
  return { print: (line) => lines.push(line), verbose: 0, open, load, lines };
}

const anything = expect.any(Number);

const expectedRow: Record<keyof BenchResult, unknown> = {
  backend: "reference",
  available: true,
  reason: undefined,
  device: "JavaScript, 1 thread",
  model: "simple",
  dataset: "synthetic",
  seed: 3,
  epochs: 2,
  batchSize: 8,
  trainSamples: 20,
  testAccuracy: anything,
  losses: [anything, anything, anything, anything, anything, anything],
  trainUsPerSample: anything,
  stepMs: { p50: anything, p95: anything },
  evaluateUsPerSample: anything,
  compileMs: anything,
  firstStepMs: anything,
  peakMemoryBytes: anything,
};

it("reports what was measured, as JSON of schema 1", async () => {
  const { report, failed } = await runTraining(request, tools());
  expect(failed).toBe(false);
  const { reason, ...present } = expectedRow;
  expect(JSON.parse(JSON.stringify(report))).toStrictEqual({
    schema: 1,
    machine: {
      cpu: expect.any(String),
      cores: anything,
      memoryBytes: anything,
      platform: `${process.platform}-${process.arch}`,
      node: process.versions.node,
    },
    results: [present],
  });
  const [row] = report.results as [BenchResult];
  const { stepMs, trainUsPerSample, firstStepMs, compileMs, evaluateUsPerSample, testAccuracy, peakMemoryBytes } = row;
  expect(stepMs.p95).toBeGreaterThanOrEqual(stepMs.p50 as number);
  for (const positive of [stepMs.p50, trainUsPerSample, compileMs, evaluateUsPerSample, peakMemoryBytes]) {
    expect(positive).toBeGreaterThan(0);
  }
  expect(firstStepMs).toBeGreaterThan((compileMs as number) / 2);
  expect(testAccuracy).toBeGreaterThanOrEqual(0);
  expect(testAccuracy).toBeLessThanOrEqual(1);
});

it("gets the same losses from the same seed, and others from another", async () => {
  const losses = async (seed: number) => (await runTraining({ ...request, seed }, tools())).report.results[0]?.losses;
  const first = await losses(3);
  expect(await losses(3)).toEqual(first);
  expect(await losses(4)).not.toEqual(first);
});

it("has a row with its reason for a backend that cannot run, and goes on", async () => {
  const reason = "cuda: no NVIDIA driver (libcuda.so.1 not found)";
  const open = async (name: string): Promise<Backend> => {
    if (name === "cuda") {
      throw new BackendUnavailableError(reason);
    }
    return await reference();
  };
  const outcome = await runTraining({ ...request, backends: ["cuda", "reference"] }, tools(open));
  expect(outcome.failed).toBe(false);
  const [cuda, other] = outcome.report.results;
  expect(cuda).toEqual({
    ...Object.fromEntries(Object.keys(expectedRow).map((name) => [name, null])),
    backend: "cuda",
    available: false,
    reason,
    model: "simple",
    dataset: "synthetic",
    seed: 3,
    epochs: 2,
    batchSize: 8,
    trainSamples: 20,
    losses: [],
    stepMs: { p50: null, p95: null },
  });
  expect(other?.available).toBe(true);
});

it("trains on a third party's backend and names its row as the backend calls itself", async () => {
  const module = new URL("../../fixtures/otherBackend.js", import.meta.url).href;
  const backends = [module, `${module}#impostor`, "reference", `${module}#unavailable`, `${module}#half`];
  const given = { ...tools(), open: openBackend };
  const { report, failed } = await runTraining({ ...request, epochs: 1, backends }, given);
  expect(failed).toBe(true);
  expect(report.results.map(({ backend, device }) => [backend, device])).toEqual([
    ["other", "a device of its own"],
    [`reference (${module}#impostor)`, "a device of its own"],
    ["reference", "JavaScript, 1 thread"],
    [`${module}#unavailable`, null],
    [`${module}#half`, null],
  ]);
  const [first, second] = report.results;
  expect(first?.losses).toEqual(second?.losses);
  expect(given.lines).toContain("\nother: a device of its own");
  expect(report.results[3]?.reason).toBe("other: no such card in this machine");
  expect(report.results[4]?.reason).toContain("half() gives no backend");
});

it("has a row for a backend that breaks down, disposes it and counts the run as failed", async () => {
  let disposed = false;
  const open = async (): Promise<Backend> => {
    const backend = await reference();
    backend.compile = () => Promise.reject(new DeviceError("the device is gone"));
    const dispose = backend.dispose.bind(backend);
    backend.dispose = async () => {
      disposed = true;
      await dispose();
    };
    return backend;
  };
  const { report, failed } = await runTraining(request, tools(open));
  expect(failed).toBe(true);
  expect(disposed).toBe(true);
  expect(report.results[0]).toMatchObject({
    available: false,
    reason: "the device is gone",
    device: "JavaScript, 1 thread",
  });
});

it("gives a slow device fewer samples, and says so", async () => {
  const { trainSamples, ...unlimited } = request;
  const many = 20_001;
  const blank = {
    images: { data: new Uint8Array(many * 784), shape: [many, 28, 28, 1] },
    labels: { data: new Int32Array(many), shape: [many] },
  };
  const brokenReference = async (): Promise<Backend> => {
    const backend = await reference();
    backend.compile = () => Promise.reject(new DeviceError("enough"));
    return backend;
  };
  const given = tools(brokenReference);
  const load: TrainingTools["load"] = async () => ({ dataset: "mnist", train: blank, test: blank });
  const { report } = await runTraining({ ...unlimited, epochs: 2 }, { ...given, load });
  expect(report.results[0]?.trainSamples).toBe(10_000);
  expect(given.lines).toContain(
    "\nreference: JavaScript, 1 thread; slow, so it trains on the first 10,000 of 20,001 images",
  );
});

it("refuses more samples than there are", async () => {
  await expect(runTraining({ ...request, trainSamples: 41 }, tools())).rejects.toThrow(
    "--train-samples is 41, but synthetic has 40 training images",
  );
});
