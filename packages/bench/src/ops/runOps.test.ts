import { type Backend, BackendUnavailableError } from "@convoy/core";
import { reference } from "@convoy/core/reference";
import { expect, it } from "vitest";
import { runOps } from "./runOps.js";

const quiet = (): void => undefined;

it("measures the ops that match, each once", async () => {
  const { report, failed } = await runOps({ backends: ["reference"], filter: "ACCURACY", batchSize: 2 }, quiet);
  expect(failed).toBe(false);
  expect(JSON.parse(JSON.stringify(report))).toStrictEqual({
    schema: 2,
    machine: expect.objectContaining({ runtime: expect.stringContaining(process.versions.node) }),
    date: expect.stringMatching(/^\d{4}-/),
    batchSize: 2,
    backends: [
      {
        backend: "reference",
        available: true,
        device: "JavaScript, 1 thread",
        peakGflops: null,
        ops: [
          {
            op: "accuracy",
            shapes: "2x10, 2 -> 1",
            usedBy: ["tutorial train", "tutorial evaluate", "simple train", "simple evaluate"],
            flops: expect.any(Number),
            bytes: 2 * 10 * 4 + 2 * 4 + 4,
            medianUs: expect.any(Number),
            errorPercent: expect.any(Number),
            gflops: expect.any(Number),
            gigabytesPerSecond: expect.any(Number),
          },
        ],
      },
    ],
  });
  const [op] = report.backends[0]!.ops;
  expect(op!.gflops).toBeCloseTo(op!.flops / (op!.medianUs * 1000), 9);
});

it("takes the better of two peaks where the backend measures it", async () => {
  const peaks = [41, 40];
  const open = async (): Promise<Backend> =>
    Object.assign(await reference(), { measurePeak: async () => peaks.shift() as number });
  const { report } = await runOps({ backends: ["wasm"], filter: "no such op", batchSize: 2 }, quiet, open);
  expect(report.backends[0]).toMatchObject({ available: true, peakGflops: 41, ops: [] });
  expect(peaks).toEqual([]);
});

it("has a reason for what cannot run, and tells failure from absence", async () => {
  const absent = () => Promise.reject(new BackendUnavailableError("no driver"));
  const first = await runOps({ backends: ["cuda"], filter: "", batchSize: 2 }, quiet, absent);
  expect(first.failed).toBe(false);
  expect(first.report.backends).toEqual([
    { backend: "cuda", available: false, reason: "no driver", device: null, peakGflops: null, ops: [] },
  ]);
  const broken = async (): Promise<Backend> => Object.assign(await reference(), { supports: () => "not today" });
  const second = await runOps({ backends: ["wasm"], filter: "", batchSize: 2 }, quiet, broken);
  expect(second.failed).toBe(true);
  expect(second.report.backends[0]?.reason).toContain("not today");
});

it("measures a third party's backend under its own name, and tells two of one name apart", async () => {
  const module = new URL("../../fixtures/otherBackend.js", import.meta.url).href;
  const backends = [module, `${module}#impostor`, `${module}#unavailable`, "reference"];
  const outcome = await runOps({ backends, filter: "accuracy", batchSize: 2 }, quiet);
  expect(outcome.failed).toBe(false);
  expect(outcome.report.backends.map(({ backend, available }) => [backend, available])).toEqual([
    ["other", true],
    [`reference (${module}#impostor)`, true],
    [`${module}#unavailable`, false],
    ["reference", true],
  ]);
  expect(outcome.report.backends[0]?.ops).toHaveLength(1);
  expect(outcome.report.backends[2]?.reason).toBe("other: no such card in this machine");
});

it("counts a third party's module that gives no backend as a failure", async () => {
  const module = `${new URL("../../fixtures/otherBackend.js", import.meta.url).href}#half`;
  const { report, failed } = await runOps({ backends: [module], filter: "", batchSize: 2 }, quiet);
  expect(failed).toBe(true);
  expect(report.backends).toEqual([expect.objectContaining({ backend: module, available: false, device: null })]);
  expect(report.backends[0]?.reason).toContain("half() gives no backend; missing: device.name");
});
