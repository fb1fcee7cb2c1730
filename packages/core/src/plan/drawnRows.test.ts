import { expect, it } from "vitest";
import { drawByPlaceInBatch } from "./drawnRows.js";
import { differentiate, Graph } from "./index.js";

it("tells what draws for samples, and its gradient, where in the batch they are", () => {
  const graph = new Graph();
  graph.declareBuffer("x", { dtype: "float32", length: 60 });
  graph.declareBuffer("w", { dtype: "float32", length: 6 });
  const source = graph.place("x", { shape: [10, 6], dtype: "float32" }, "x");
  const weights = graph.place("w", { shape: [6], dtype: "float32" }, "w");
  const [x] = graph.apply("gatherRows", [source], { batchSize: 3, dtype: "float32", scale: 1 });
  const [thinned] = graph.apply("dropout", [weights], { rate: 0.5, instance: 1 });
  const [biased] = graph.apply("biasAdd", [x!, thinned!], {});
  const [noisy] = graph.apply("gaussianNoise", [biased!], { stddev: 1, instance: 2 });
  const [halves] = graph.apply("reshape", [noisy!], { shape: [6, 3] });
  const [channels] = graph.apply("channelDropout", [halves!], { rate: 0.5, instance: 3 });
  const [loss] = graph.apply("penalty", [channels!], { l1: 0, l2: 1, scale: 1 });
  drawByPlaceInBatch(graph, 4, 3);
  differentiate(graph, { losses: [{ loss: loss!, scale: 1 }], wanted: [weights] });
  const rows = (op: string) =>
    graph.operations.filter((operation) => operation.op === op).map(({ attributes }) => attributes.firstRow);
  expect(rows("gaussianNoise")).toEqual([4]);
  expect(rows("channelDropout")).toEqual([8, 8]);
  // Every process has the same weights.
  expect(rows("dropout")).toEqual([undefined, undefined]);
});
