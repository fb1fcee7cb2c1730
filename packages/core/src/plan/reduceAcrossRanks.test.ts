import { expect, it } from "vitest";
import { validatePlan } from "../backend/validatePlan.js";
import { Graph, lower, type Plan, reduceAcrossRanks } from "./index.js";

const relu = { function: "relu", alpha: 0 } as const;

/**
 * Three gradients of 64 numbers, the last first, a moving mean, a loss, and an update of all: gradients [192], state [64] behind 192
 * parameters. The second gradient is read as what this rank alone has found.
 */
function step(): Plan {
  const graph = new Graph();
  graph.declareBuffer("x", { dtype: "float32", length: 64 });
  graph.declareBuffer("parameters", { dtype: "float32", length: 256 });
  graph.declareBuffer("gradients", { dtype: "float32", length: 192 });
  const shape = [64];
  const x = graph.place("x", { shape, dtype: "float32" }, "x");
  const mean = graph.place("mean", { shape, dtype: "float32" }, "parameters", 192);
  const [bent] = graph.apply("unary", [x], relu);
  graph.apply("movingAverage", [mean, bent!], { momentum: 0.9 });
  const [loss] = graph.apply("penalty", [bent!], { l1: 0, l2: 1, scale: 1 });
  const gradient = (offset: number, scale: number) => {
    const [value] = graph.apply("affine", [bent!], { scale, offset: 0 });
    graph.bind(value!, { buffer: "gradients", offset });
    return value!;
  };
  gradient(128, 1);
  const middle = gradient(64, 2);
  const [own] = graph.apply("affine", [middle], { scale: 3, offset: 0 });
  gradient(0, 4);
  const flat = (buffer: string) => graph.place(buffer, { shape: [192], dtype: "float32" }, buffer);
  graph.apply("sgdUpdate", [flat("parameters"), flat("gradients")], { momentum: 0, nesterov: false });
  const [rest] = graph.apply("penalty", [own!], { l1: 0, l2: 1, scale: 1 });
  return lower(graph, { mode: "train", batchSize: 1, results: [loss!, rest!] });
}

const reductions = {
  gradients: { buffer: "gradients", start: 0, end: 192 },
  state: { buffer: "parameters", start: 192, end: 256 },
  share: 0.25,
  resultWeights: [1, 0.25],
};

/** Ops in order, sums with what they add up. */
function sequence(plan: Plan): string[] {
  const values = new Map(plan.values.map((value) => [value.id, value]));
  return plan.ops.map(({ op, inputs, attributes }) => {
    const { buffer, byteOffset, shape } = values.get(inputs[0]!)!;
    const from = byteOffset / 4;
    return op === "allReduce"
      ? `${buffer} ${buffer === "arena" ? "" : `${from}-${from + shape[0]!} `}x ${attributes.weight}`
      : op;
  });
}

it("adds each part of the gradients up as soon as it is there, and all else behind the last", () => {
  const plan = reduceAcrossRanks(step(), { ...reductions, bucketBytes: 256 });
  validatePlan(plan);
  expect(sequence(plan)).toEqual([
    ...["unary", "movingAverage", "penalty"],
    ...["affine", "gradients 128-192 x 1"],
    // The sum overwrites what this rank has found: only once that was read.
    ...["affine", "affine", "gradients 64-128 x 1"],
    ...["affine", "gradients 0-64 x 1", "parameters 192-256 x 0.25", "arena x 1"],
    ...["sgdUpdate", "penalty", "arena x 0.25"],
  ]);
});

it("sends small gradients together", () => {
  const plan = reduceAcrossRanks(step(), { ...reductions, bucketBytes: 400 });
  validatePlan(plan);
  expect(sequence(plan).filter((op) => op.startsWith("gradients"))).toEqual([
    "gradients 64-192 x 1",
    "gradients 0-64 x 1",
  ]);
});

it("reports the sums", () => {
  const plan = step();
  const reduced = reduceAcrossRanks(plan, { ...reductions, bucketBytes: 256 });
  const outputs = reduced.ops.flatMap(({ op, outputs: [output] }) => (op === "allReduce" ? [output] : []));
  expect(reduced.results.every((id) => outputs.includes(id))).toBe(true);
  expect(reduced.results).not.toEqual(plan.results);
});
