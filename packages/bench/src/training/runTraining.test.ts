import { type Backend, BackendUnavailableError, DeviceError } from "@convoy/core";
import { syntheticDigits } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import { expect, it } from "vitest";
import { openBackend } from "../backends/backends.js";
import { BackendParticipant } from "../participants/backendParticipant.js";
import type { BenchResult } from "../report/result.js";
import { thisMachine } from "../thisMachine.js";
import { runTraining, type TrainingTools } from "./runTraining.js";
import type { TrainingRequest } from "./trainingRequest.js";

const request: TrainingRequest = {
  backends: ["reference"],
  peers: [],
  model: "simple",
  dataset: "synthetic",
  epochs: 2,
  batchSizes: [4],
  trainSamples: 10,
  rounds: 0,
  seed: 3,
  seeds: 1,
};

/** Small data, and lines and rows kept instead of printed. */
function tools(open: (name: string) => Promise<Backend> = () => reference()) {
  const lines: string[] = [];
  const rows: string[] = [];
  const given: TrainingTools = {
    machine: thisMachine(),
    print: (line) => lines.push(line),
    watcher: { row: ({ backend }) => rows.push(backend), status: () => undefined },
    open: async ({ choice }, workload) => new BackendParticipant(await open(choice), workload),
    load: async () => ({
      dataset: "synthetic",
      train: syntheticDigits({ samples: 16, seed: 6 }),
      test: syntheticDigits({ samples: 6, seed: 7 }),
    }),
  };
  return { ...given, lines, rows };
}

const anything = expect.any(Number);

const expectedRow: Record<keyof Omit<BenchResult, "timeToAccuracy" | "reason">, unknown> = {
  backend: "reference",
  available: true,
  device: "JavaScript, 1 thread",
  details: expect.any(Object),
  model: "simple",
  dataset: "synthetic",
  seed: 3,
  batchSize: 4,
  threads: null,
  trainSamples: 10,
  samplesSeen: 20,
  testAccuracy: anything,
  testSamples: 6,
  losses: [anything, anything, anything, anything, anything, anything],
  trainUsPerSample: anything,
  stepMs: { p50: anything, p95: anything },
  evaluateUsPerSample: anything,
  compileMs: anything,
  firstStepMs: anything,
  dataMs: anything,
  readbackMs: anything,
  peakMemoryBytes: anything,
  rounds: null,
  verdict: {
    ...{ lossesAgree: true, accuracyReached: null },
    accuracyNotJudged: "none is stated for simple on synthetic",
  },
};

it("reports what was measured, as JSON of schema 2", async () => {
  const given = tools();
  const { report, failed } = await runTraining(request, given);
  expect(failed).toBe(false);
  expect(JSON.parse(JSON.stringify(report))).toStrictEqual({
    schema: 2,
    date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    machine: JSON.parse(JSON.stringify(thisMachine())),
    results: [expectedRow],
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
  expect(given.rows).toEqual(["reference"]);
  expect(given.lines[1]).toBe("\nsimple on synthetic, batch 4, seed 3: 2 epochs of 10 images");
});

it("gets the same losses from the same seed, and others from another", async () => {
  const losses = async (seed: number) => (await runTraining({ ...request, seed }, tools())).report.results[0]?.losses;
  const first = await losses(3);
  expect(await losses(3)).toEqual(first);
  expect(await losses(4)).not.toEqual(first);
});

it("runs every combination of seeds, batch sizes and threads, and what has no threads once", async () => {
  const open = (name: string): Promise<Backend> => named(name);
  const swept = {
    ...request,
    backends: ["wasm", "reference"],
    epochs: 1,
    batchSizes: [2, 5],
    threads: [1, 2],
    seeds: 2,
  };
  const { report } = await runTraining(swept, tools(open));
  const label = ({ backend, seed, batchSize, threads }: BenchResult) => [backend, seed, batchSize, threads].join(" ");
  expect(report.results.map(label)).toEqual(
    [3, 4].flatMap((seed) =>
      [2, 5].flatMap((batch) => [`wasm ${seed} ${batch} 1`, `reference ${seed} ${batch} 1`, `wasm ${seed} ${batch} 2`]),
    ),
  );
});

it("takes turns and gives the median of the rounds with its interval", async () => {
  const { report } = await runTraining({ ...request, rounds: 2 }, tools());
  const { rounds, trainUsPerSample, evaluateUsPerSample } = report.results[0] as BenchResult;
  expect(rounds?.count).toBe(2);
  for (const [median, interval] of [
    [trainUsPerSample, rounds?.trainUsPerSample],
    [evaluateUsPerSample, rounds?.evaluateUsPerSample],
  ] as const) {
    expect(median).toBeGreaterThanOrEqual(interval?.low as number);
    expect(median).toBeLessThanOrEqual(interval?.high as number);
  }
});

it("trains until an accuracy is reached, or gives up, and tells how long that took", async () => {
  const { report } = await runTraining({ ...request, trainSamples: 16, epochs: 3, targetAccuracy: 0 }, tools());
  const reached = report.results[0]?.timeToAccuracy;
  expect(reached).toMatchObject({ target: 0, reached: true, samplesSeen: 4, curve: [{ samplesSeen: 4 }] });
  expect(reached?.coldSeconds).toBeGreaterThan(reached?.warmSeconds as number);
  const never = await runTraining({ ...request, trainSamples: 12, epochs: 2, targetAccuracy: 1.1 }, tools());
  const { timeToAccuracy, losses } = never.report.results[0] as BenchResult;
  expect(timeToAccuracy).toMatchObject({ reached: false, samplesSeen: 24 });
  expect(timeToAccuracy?.curve.map(({ samplesSeen }) => samplesSeen)).toEqual([4, 8, 12, 16, 20, 24]);
  expect(losses).toHaveLength(1);
});

it("ends training when the time is over, after a step at least", async () => {
  const { report } = await runTraining({ ...request, trainSamples: 16, epochs: 1000, timeLimit: 1e-6 }, tools());
  expect(report.results[0]?.samplesSeen).toBeLessThan(64);
  expect(report.results[0]?.losses.length).toBeGreaterThan(0);
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
  expect(cuda).toMatchObject({ backend: "cuda", available: false, reason, device: null, losses: [], verdict: null });
  expect(Object.keys(cuda as object).sort()).toEqual([...Object.keys(expectedRow), "reason"].sort());
  expect(other?.available).toBe(true);
});

it("counts a backend with wrong numbers as failed, and says which", async () => {
  const open = async (): Promise<Backend> => {
    const backend = await reference();
    const compile = backend.compile.bind(backend);
    backend.compile = async (plan, buffers) => {
      const executable = await compile(plan, buffers);
      const run = executable.run.bind(executable);
      executable.run = async (steps) => (await run(steps)).map((value) => value * 1.01);
      return executable;
    };
    return backend;
  };
  const { report, failed } = await runTraining(request, tools(open));
  expect(failed).toBe(true);
  expect(report.results[0]?.verdict?.reason).toMatch(/^the loss of step 1 is/);
});

it("trains on a third party's backend and names its row as the backend calls itself", async () => {
  const module = new URL("../../fixtures/otherBackend.js", import.meta.url).href;
  const backends = [module, `${module}#impostor`, "reference", `${module}#unavailable`, `${module}#half`];
  const { report, failed } = await runTraining(
    { ...request, epochs: 1, backends },
    tools((choice) => openBackend(choice)),
  );
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

it("refuses more samples than there are, and images that the network does not take", async () => {
  await expect(runTraining({ ...request, trainSamples: 41 }, tools())).rejects.toThrow(
    "--train-samples is 41, but synthetic has 16 training images",
  );
  await expect(runTraining({ ...request, model: "vgg32" }, tools())).rejects.toThrow(
    "--model vgg32 takes images of 32x32x3, those of synthetic are 28x28x1; take --dataset synthetic, or --model tutorial",
  );
});

/** The reference under another name. */
async function named(name: string): Promise<Backend> {
  const backend = await reference();
  return new Proxy(backend, {
    get: (target, key) => {
      const value = key === "name" ? name : Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
