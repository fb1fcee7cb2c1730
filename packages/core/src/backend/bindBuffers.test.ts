import { expect, it } from "vitest";
import { PlanError } from "../errors.js";
import type { Plan } from "../plan/index.js";
import { bindBuffers } from "./bindBuffers.js";

const plan: Plan = {
  mode: "test",
  batchSize: 1,
  values: [],
  ops: [],
  buffers: { weights: { dtype: "float32", length: 8 } },
  arenaBytes: 64,
  results: [],
};

interface TestBuffer {
  readonly dtype: "float32" | "uint8" | "int32";
  readonly length: number;
  readonly owner: string;
}

const isOwn = (buffer: TestBuffer): buffer is TestBuffer => buffer.owner === "me";
const arena: TestBuffer = { dtype: "uint8", length: 64, owner: "me" };
const weights: TestBuffer = { dtype: "float32", length: 9, owner: "me" };
const bind = (buffers: Record<string, TestBuffer>) => bindBuffers("mine", plan, buffers, isOwn);

it("gives the plan's buffers and the arena by name, and no others", () => {
  expect([...bind({ arena, weights, spare: weights })]).toEqual([
    ["weights", weights],
    ["arena", arena],
  ]);
});

it.each([
  ["missing", { weights }, /mine: the plan needs buffer "arena" \(uint8, 64 elements\), which was not given/],
  ["too small", { arena, weights: { ...weights, length: 7 } }, /"weights" has 7 elements of float32, the plan needs 8/],
  ["of another type", { arena, weights: { ...weights, dtype: "int32" as const } }, /9 elements of int32.*8 of float32/],
  ["another backend's", { arena, weights: { ...weights, owner: "you" } }, /"weights" was disposed or made by another/],
])("names a buffer that is %s", (_, buffers, message) => {
  expect(() => bind(buffers as Record<string, TestBuffer>)).toThrow(PlanError);
  expect(() => bind(buffers as Record<string, TestBuffer>)).toThrow(message);
});
