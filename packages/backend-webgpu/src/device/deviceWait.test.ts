import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DeviceWait } from "./deviceWait.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Runs of one step that take so long, one after the other; how long each waited before it asked for the end. */
async function rests(wait: DeviceWait, durations: readonly number[]): Promise<number[]> {
  const found: number[] = [];
  for (const duration of durations) {
    const start = performance.now();
    const run = wait.wait(1, async () => {
      found.push(performance.now() - start);
      const left = start + duration - performance.now();
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, left)));
    });
    await vi.runAllTimersAsync();
    await run;
  }
  return found;
}

it("asks at once until two runs are known, then after most of the shorter one", async () => {
  const found = await rests(new DeviceWait(() => false), [5000, 50, 50, 50]);
  expect(found[0]).toBe(0);
  expect(found[1]).toBe(0);
  expect(found[2]).toBeCloseTo(40, 0);
  expect(found[3]).toBeCloseTo(40, 0);
});

it("does not sleep through short waits", async () => {
  expect(await rests(new DeviceWait(() => false), [4, 4, 4, 4])).toEqual([0, 0, 0, 0]);
});

it("comes down when runs become faster", async () => {
  const found = await rests(new DeviceWait(() => false), [100, 100, 100, 20, 20, 20, 20, 20, 20, 20, 20, 20]);
  expect(found[3]).toBeCloseTo(80, 0);
  expect(found.at(-1)).toBeLessThan(20);
});

it("a failed run does not hold up the next", async () => {
  const wait = new DeviceWait(() => false);
  await expect(wait.wait(1, () => Promise.reject(new Error("lost")))).rejects.toThrow("lost");
  await expect(wait.wait(1, async () => 7)).resolves.toBe(7);
});

it("notices soon that there is nothing to wait for", async () => {
  let over = false;
  const wait = new DeviceWait(() => over);
  await rests(wait, [60_000, 60_000]);
  over = true;
  const [rested] = await rests(wait, [0]);
  expect(rested).toBeLessThanOrEqual(250);
});
