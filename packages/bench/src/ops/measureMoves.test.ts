import { wasm } from "@convoy/backend-wasm";
import { validatePlan } from "@convoy/core/backend";
import { reference } from "@convoy/core/reference";
import { expect, it } from "vitest";
import { formatMoves } from "../report/movesTable.js";
import { measureMoves } from "./measureMoves.js";
import { movingOps } from "./movingOps.js";
import { singleOpPlan } from "./singleOpPlan.js";

const small = { tiny: [2, 8, 8, 16] } as const;
const timing = { runMs: 0.01, rounds: 1 };

it("makes plans that are right, each op once", async () => {
  const backend = await reference();
  const names = movingOps(small.tiny).map(({ single, detail }) => `${single.op}, ${detail}`);
  expect(new Set(names).size).toBe(names.length);
  for (const { single } of movingOps(small.tiny)) {
    validatePlan(singleOpPlan(backend, single));
  }
});

it("runs every op beside a copy of as many bytes", async () => {
  const backend = await wasm({ threads: 1 });
  const done: number[] = [];
  const moves = await measureMoves(backend, "", (count) => done.push(count), small, timing);
  expect(moves).toHaveLength(movingOps(small.tiny).length);
  expect(done.at(-1)).toBe(moves.length);
  expect(Math.min(...moves.map(({ ofCopy }) => ofCopy))).toBeGreaterThan(0);
  expect(backend.memory().usedBytes).toBeLessThan(1_000_000);
  await backend.dispose();
});

it("measures what matches, and shows it with its share of a copy", async () => {
  const backend = await wasm({ threads: 1 });
  const moves = await measureMoves(backend, "2X2", undefined, small, timing);
  await backend.dispose();
  expect(moves.map(({ op }) => op)).toEqual([
    "maxPool2d",
    "maxPool2dBackward",
    "averagePool2d",
    "averagePool2dBackward",
  ]);
  // 2 x 8 x 8 x 16 numbers read, a quarter of them and as many positions written.
  expect(moves[0]!.bytes).toBe(4 * 2048 * 1.5);
  const table = formatMoves({
    ...{ backend: "wasm", available: true, device: "AMD EPYC", peakGflops: null, ops: [] },
    moves: [{ ...moves[0]!, medianUs: 2, ofCopy: 0.755 }],
  });
  expect(table).toMatch(/maxPool2d, 2x2 +2\.00 +6\.14 +76% +memory/);
});
