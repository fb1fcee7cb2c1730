import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { installedMpis, reportsOf, runCommand, runJob, scriptPath } from "./testing/jobs.js";

interface Report {
  readonly sums?: string;
  readonly weights: string;
  readonly loss: readonly number[];
  readonly accuracy: readonly number[];
}

const build = fileURLToPath(new URL("../../backend-cuda/scripts/buildEmulator.mjs", import.meta.url));
const { status, stdout } = spawnSync(process.execPath, [build], { encoding: "utf8" });
const library = status === 0 ? stdout.trim() : undefined;
const mpis = installedMpis();
if (library === undefined) {
  console.warn("NCCL emulator: skipped, there is no g++ to build it with");
}

/** Emulated alone: no card has run any of this. */
describe.skipIf(library === undefined || mpis.length === 0)("cards joined by the emulated NCCL", () => {
  const emulated = { CUDA_DRIVER_LIBRARY: library, CONVOY_NCCL_LIBRARY: library };

  it("train in the step's graph what one card trains", async () => {
    const [one] = reportsOf<Report>(await runCommand(process.execPath, [scriptPath("cards.mjs")], emulated), 1);
    const ranks = reportsOf<Report>(await runJob(mpis[0]!, 2, "cards.mjs", [], emulated), 2);
    expect(ranks.map(({ sums }) => sums)).toEqual(["by the devices", "by the devices"]);
    expect(ranks[1]!.weights).toBe(ranks[0]!.weights);
    for (const [epoch, loss] of one!.loss.entries()) {
      expect(ranks[0]!.loss[epoch]).toBeCloseTo(loss, 5);
    }
    expect(ranks[0]!.accuracy).toEqual(one!.accuracy);
  }, 60_000);

  it.each([false, true])(
    "have sums under way beside the backward pass, done as early as can be: %j",
    async (early) => {
      const settings = [JSON.stringify({ wide: true, early })];
      const alone = await runCommand(process.execPath, [scriptPath("cards.mjs"), ...settings], emulated);
      const [one] = reportsOf<Report>(alone, 1);
      const ranks = reportsOf<Report>(await runJob(mpis[0]!, 2, "cards.mjs", settings, emulated), 2);
      expect(ranks[0]!.sums).toBe("by the devices");
      expect(ranks[1]!.weights).toBe(ranks[0]!.weights);
      expect(ranks[0]!.loss[0]).toBeCloseTo(one!.loss[0]!, 5);
    },
    60_000,
  );

  it("are summed up by MPI where there is no NCCL", async () => {
    const [one] = reportsOf<Report>(await runCommand(process.execPath, [scriptPath("cards.mjs")], emulated), 1);
    const environment = { CUDA_DRIVER_LIBRARY: library };
    const ranks = reportsOf<Report>(await runJob(mpis[0]!, 2, "cards.mjs", [], environment), 2);
    expect(ranks.map(({ sums }) => sums)).toEqual(["by MPI", "by MPI"]);
    expect(ranks[0]!.loss[2]).toBeCloseTo(one!.loss[2]!, 5);
  }, 60_000);
});
