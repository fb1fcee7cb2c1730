import type { Plan, PlanOp, PlanValue } from "@convoy/core/backend";
import { expect, it } from "vitest";
import { stagesOf } from "./stages.js";

const value = (id: number, buffer: string, start: number): PlanValue => ({
  ...{ id, label: `value ${id}`, shape: [64], dtype: "float32", buffer, byteOffset: start * 4 },
});
const op = (name: string, inputs: number[], outputs: number[], weight?: number): PlanOp => ({
  ...{ op: name as PlanOp["op"], attributes: weight === undefined ? {} : { weight }, inputs, outputs, updates: [] },
  ...{ label: "", flops: 0, bytes: 0 },
});

/** Gradients 1 and 2 lie beside each other in one buffer, 11 and 12 are their sums; 5 is all of it, 3 something else. */
function planOf(ops: PlanOp[]): Plan {
  const values = [
    ...[value(1, "gradients", 64), value(2, "gradients", 0), value(3, "arena", 0), value(4, "arena", 64)],
    ...[value(11, "gradients", 64), value(12, "gradients", 0), { ...value(5, "gradients", 0), shape: [128] }],
  ];
  return { mode: "train", batchSize: 1, values, ops, buffers: {}, arenaBytes: 512, results: [] };
}

const shortened = (plan: Plan): string[] =>
  stagesOf(plan).map((stage) =>
    stage.kind === "run"
      ? stage.ops.map(({ op: name }) => name).join("+")
      : `${stage.kind} ${stage.kind === "start" ? stage.sums.map(({ input }) => input.id).join(",") : ""}`.trim(),
  );

it("goes on computing while a sum is under way, until its memory is touched", () => {
  const plan = planOf([
    op("conv2d", [3], [1]),
    op("allReduce", [1], [11], 1),
    op("add", [3], [4]),
    op("matMul", [4], [2]),
    op("allReduce", [2], [12], 1),
    op("adamUpdate", [5], []),
  ]);
  expect(shortened(plan)).toEqual(["conv2d", "start 1", "add+matMul", "start 2", "finish", "finish", "adamUpdate"]);
});

it("begins sums together that stand one behind the other", () => {
  const plan = planOf([
    op("conv2d", [3], [1, 2]),
    op("allReduce", [1], [11], 1),
    op("allReduce", [2], [12], 0.5),
    op("adamUpdate", [5], []),
  ]);
  expect(shortened(plan)).toEqual(["conv2d", "start 1,2", "finish", "adamUpdate"]);
});

it("does not begin a sum together with one that it reads", () => {
  const plan = planOf([op("allReduce", [1], [11], 1), op("allReduce", [11], [1], 1), op("add", [11], [4])]);
  expect(shortened(plan)).toEqual(["start 1", "finish", "start 11", "finish", "add"]);
});

it("waits at the end for what nobody has asked for", () => {
  expect(shortened(planOf([op("conv2d", [3], [1]), op("allReduce", [1], [11], 1)]))).toEqual([
    "conv2d",
    "start 1",
    "finish",
  ]);
});
