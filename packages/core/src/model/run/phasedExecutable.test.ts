import { describe, expect, it } from "vitest";
import type { Executable } from "../../backend/index.js";
import { packSteps, unpackStep } from "../../plan/index.js";
import { PhasedExecutable } from "./phasedExecutable.js";

const phases = { of: (iteration: number) => (iteration % 3 === 2 ? "update" : "add"), examples: [0, 2] };

function steps(first: number, count: number) {
  return packSteps(
    Array.from({ length: count }, (_, step) => ({
      iteration: first + step,
      batchStart: 10 * step,
      learningRate: 0,
      stepSize: 0,
      seed: [0, 0] as const,
    })),
  );
}

/** An executable that notes the steps it was given and reports each one's iteration and start of the batch. */
function noting(name: string, calls: string[], fails = false): Executable {
  return {
    async run(table) {
      const rows = Array.from({ length: table.count }, (_, row) => unpackStep(table, row));
      calls.push(`${name} ${rows.map(({ iteration }) => iteration)}`);
      await Promise.resolve();
      if (fails) {
        throw new Error(`${name} failed`);
      }
      calls.push(`${name} done`);
      return Float32Array.from(rows.flatMap(({ iteration, batchStart }) => [iteration, batchStart]));
    },
    dispose: () => calls.push(`${name} disposed`),
  };
}

describe("PhasedExecutable", () => {
  it("cuts a run where the phase changes, and gives the results of all steps in order", async () => {
    const calls: string[] = [];
    const made = new Map([
      ["add", noting("add", calls)],
      ["update", noting("update", calls)],
    ]);
    const executable = new PhasedExecutable(phases, made);
    expect([...(await executable.run(steps(1, 5)))]).toEqual([1, 0, 2, 10, 3, 20, 4, 30, 5, 40]);
    expect(calls.filter((call) => !call.endsWith("done"))).toEqual(["add 1", "update 2", "add 3,4", "update 5"]);
    executable.dispose();
    expect(calls.slice(-2)).toEqual(["add disposed", "update disposed"]);
  });

  it("starts everything before it waits, and rejects only when nothing runs any more", async () => {
    const calls: string[] = [];
    const made = new Map([
      ["add", noting("add", calls)],
      ["update", noting("update", calls, true)],
    ]);
    const run = new PhasedExecutable(phases, made).run(steps(2, 2));
    expect(calls).toEqual(["update 2", "add 3"]);
    await expect(run).rejects.toThrow("update failed");
    expect(calls).toEqual(["update 2", "add 3", "add done"]);
  });
});
