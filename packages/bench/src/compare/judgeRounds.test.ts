import { expect, it } from "vitest";
import { grownCounts, judgeRounds } from "./judgeRounds.js";

/** A small generator of equal chances: the same numbers in every run. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Rounds of a machine whose speed wanders by a factor of two, and whose measurements are off by up to a twentieth. */
function rounds(slowdown: number, seed: number) {
  const next = generator(seed);
  const speed = Array.from({ length: 11 }, () => 1 + next());
  const noise = () => 1 + (next() - 0.5) * 0.1;
  return {
    name: "conv2d",
    base: speed.map((factor) => 100 * factor * noise()),
    head: speed.map((factor) => 100 * slowdown * factor * noise()),
  };
}

it("is quiet on the same build and finds a fifth, 100 times each", () => {
  const slower = (slowdown: number) =>
    Array.from({ length: 100 }, (_, seed) => judgeRounds([rounds(slowdown, seed + 1)])[0]!.isSlower).filter(Boolean)
      .length;
  expect(slower(1)).toBe(0);
  expect(slower(1.2)).toBeGreaterThan(95);
});

it("allows no more of what does not vary, and a little more of modules", () => {
  const base = { FLOPs: 100, launches: 24, "size of kernels.wasm": 1000 };
  expect(grownCounts(base, { ...base, launches: 20, "size of kernels.wasm": 1040 })).toEqual([]);
  expect(grownCounts(base, { FLOPs: 101, launches: 25, "size of kernels.wasm": 1100 })).toEqual([
    "FLOPs: 100 became 101",
    "launches: 24 became 25",
    "size of kernels.wasm: 1,000 became 1,100",
  ]);
  expect(grownCounts({}, base)).toEqual([]);
});
