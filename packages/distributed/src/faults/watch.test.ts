import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Mpi, Numbers } from "../mpi/mpi.js";
import { Watch } from "./watch.js";

/** Two ranks in this process, as far as `Watch` knows them. */
function twoRanks(): readonly [Mpi, Mpi] {
  let announce: (notice: Numbers) => void = () => undefined;
  const announced = new Promise<Numbers>((resolve) => {
    announce = resolve;
  });
  const rank = (number: number): Mpi =>
    ({
      ...{ rank: number, size: 2, gone: new Set(), ended: false },
      allGather: async (own: Uint8Array) => Uint8Array.of(...own, ...own),
      broadcast: async (values: Numbers) => (number === 0 ? announce(values) : values.set(await announced)),
    }) as unknown as Mpi;
  return [rank(0), rank(1)];
}

it("hears of a rank that ends in order", async () => {
  const [first, second] = twoRanks();
  const [, line] = await Promise.all([Watch.start(first), Watch.start(second)]);
  line.sayGoodbye();
  await expect.poll(() => [...first.gone]).toEqual([1]);
});

it.skipIf(process.platform !== "linux")("has silent lines watched by the system", async () => {
  const before = watchedLines();
  const [first, second] = twoRanks();
  await Promise.all([Watch.start(first), Watch.start(second)]);
  // Both ends of the line.
  expect(watchedLines()).toBeGreaterThanOrEqual(before + 2);
});

/** Established connections with a timer of keep-alive (2, in the column of timers). */
function watchedLines(): number {
  return readFileSync("/proc/self/net/tcp", "utf8").match(/^ +\d+: \S+ \S+ 01 \S+ 02:/gm)?.length ?? 0;
}
