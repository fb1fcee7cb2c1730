import { fileURLToPath } from "node:url";
import { syntheticDigits } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import { beforeAll, expect, it } from "vitest";
import type { Workload } from "../training/workload.js";
import { BackendParticipant } from "./backendParticipant.js";
import type { OpenParticipant } from "./openParticipant.js";

let openInProcess: OpenParticipant;
const workload: Workload = {
  ...{ model: "simple", dataset: "synthetic", batchSize: 4, seed: 5 },
  train: syntheticDigits({ samples: 12, seed: 1 }),
  test: syntheticDigits({ samples: 6, seed: 2 }),
};

beforeAll(async () => {
  // Processes inherit the flags of this one, and vitest's lead to the sources.
  process.execArgv = [];
  ({ openInProcess } = await import(new URL("../../dist/participants/inProcess.js", import.meta.url).href));
});

it("measures the same in a process of its own", async () => {
  const here = new BackendParticipant(await reference(), workload);
  const there = await openInProcess({ kind: "backend", choice: "reference" }, workload);
  expect([there.name, there.device, there.details, there.slow]).toEqual([here.name, here.device, here.details, true]);
  const seen: number[] = [];
  const { losses } = await there.train({ epochs: 1 }, ({ samplesSeen }) => seen.push(samplesSeen));
  expect(losses).toEqual((await here.train({ epochs: 1 })).losses);
  expect(seen.at(-1)).toBe(12);
  expect((await there.evaluate(100)).testAccuracy).toBe((await here.evaluate(100)).testAccuracy);
  expect(await there.timeTraining(1)).toBeGreaterThan(0);
  const ops = await there.opNames();
  expect(ops).toEqual(await here.opNames());
  expect(await there.timeOp(ops.at(-1) as string, 1)).toBeGreaterThan(0);
  await expect(there.timeOp("0. none", 1)).rejects.toThrow("the training step has no op 0. none, only 1. gatherRows");
  expect(await there.peakMemoryBytes()).toBeGreaterThan(0);
  await there.close();
  await here.close();
});

it("says why one cannot be opened, or whose process has ended, with its last words", async () => {
  const module = fileURLToPath(new URL("../../fixtures/otherBackend.js", import.meta.url));
  await expect(openInProcess({ kind: "backend", choice: `${module}#unavailable` }, workload)).rejects.toMatchObject({
    name: "BackendUnavailableError",
    message: "other: no such card in this machine",
  });
  const crashing = openInProcess({ kind: "backend", choice: `${module}#crashing` }, workload);
  await expect(crashing).rejects.toThrow("its process ended with status 7: the driver is on fire");
});
