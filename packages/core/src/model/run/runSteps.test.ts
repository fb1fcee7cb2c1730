import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Executable } from "../../backend/index.js";
import { type StepTable, unpackStep } from "../../plan/index.js";
import { runSteps } from "./runSteps.js";

/** A device whose runs end when they are told to. */
class Manual implements Executable {
  readonly runs: { readonly steps: StepTable; end(): void; fail(error: Error): void; ended: boolean }[] = [];

  run(steps: StepTable): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      const entry = {
        steps,
        ended: false,
        end: () => {
          entry.ended = true;
          resolve(new Float32Array(steps.count));
        },
        fail: reject,
      };
      this.runs.push(entry);
    });
  }

  dispose(): void {}

  /** Ends the first `count` runs. */
  end(count: number): void {
    for (const run of this.runs.slice(0, count)) {
      run.end();
    }
  }
}

/** A device that answers at once. */
class Instant implements Executable {
  readonly tables: StepTable[] = [];

  async run(steps: StepTable): Promise<Float32Array> {
    this.tables.push(steps);
    return new Float32Array(steps.count);
  }

  dispose(): void {}
}

const values = (step: number) =>
  ({ iteration: step, batchStart: step * 10, learningRate: 0, stepSize: 0, seed: [0, 0] }) as const;
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

// How many steps run together must not depend on how busy the machine is that tests run on.
beforeEach(() => void vi.spyOn(performance, "now").mockReturnValue(0));
afterEach(() => void vi.restoreAllMocks());

describe("runSteps", () => {
  it("tells of every run that has started, before its results are there", async () => {
    const device = new Manual();
    const started: [number, number][] = [];
    const results = runSteps(device, 6, values, ({ firstStep, count }) => void started.push([firstStep, count]));
    const first = results.next();
    await settle();
    expect(started).toEqual([[0, 1]]);
    device.end(1);
    await first;
    const second = results.next();
    await settle();
    expect(started).toEqual([
      [0, 1],
      [1, 2],
      [3, 2],
    ]);
    device.end(3);
    await second;
    await results.return();
  });

  it("runs every step once, in order, in runs that grow up to 512 steps", async () => {
    const device = new Instant();
    const steps: number[] = [];
    for await (const { firstStep, count, results } of runSteps(device, 5000, values)) {
      expect(results).toHaveLength(count);
      steps.push(...Array.from({ length: count }, (_, index) => firstStep + index));
    }
    expect(steps).toEqual(Array.from({ length: 5000 }, (_, step) => step));
    const iterations = device.tables.flatMap((table) =>
      Array.from({ length: table.count }, (_, row) => unpackStep(table, row).iteration),
    );
    expect(iterations).toEqual(steps);
    expect(device.tables[0]!.count).toBe(1);
    expect(Math.max(...device.tables.map(({ count }) => count))).toBeLessThanOrEqual(512);
  });

  it("starts the next run before the last has ended, but not the first two together", async () => {
    const device = new Manual();
    const results = runSteps(device, 100, values);
    const first = results.next();
    await settle();
    expect(device.runs).toHaveLength(1);
    device.end(1);
    await first;
    const second = results.next();
    await settle();
    expect(device.runs).toHaveLength(3);
    device.end(3);
    await second;
    await results.return();
  });

  it("starts nothing while the results are looked at", async () => {
    const device = new Instant();
    for await (const _ of runSteps(device, 50, values)) {
      const { length } = device.tables;
      await settle();
      expect(device.tables).toHaveLength(length);
    }
  });

  it.each(["break", "throw"])("has nothing running any more after a %s", async (how) => {
    const device = new Manual();
    let seen = 0;
    const looping = (async () => {
      for await (const _ of runSteps(device, 100, values)) {
        seen++;
        if (seen === 2) {
          if (how === "throw") {
            throw new Error("enough");
          }
          break;
        }
      }
    })().catch((error: Error) => error.message);
    let left = false;
    void looping.then(() => {
      left = true;
    });
    await settle();
    device.end(1);
    await settle();
    device.end(2);
    await settle();
    expect(seen).toBe(2);
    expect(device.runs.map(({ ended }) => ended)).toEqual([true, true, false]);
    expect(left).toBe(false);
    device.end(3);
    expect(await looping).toBe(how === "throw" ? "enough" : undefined);
    expect(device.runs).toHaveLength(3);
  });

  it("throws what a run fails with, once the others have ended", async () => {
    const device = new Manual();
    const results = runSteps(device, 100, values);
    const first = results.next();
    device.end(1);
    await first;
    const second = results.next();
    await settle();
    device.runs[2]!.fail(new Error("late"));
    device.runs[1]!.fail(new Error("lost"));
    await expect(second).rejects.toThrow("lost");
    expect((await results.next()).done).toBe(true);
  });
});
